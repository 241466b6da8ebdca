# Windows paths and the registry are folders and lists; everything else goes to the real cmdlet.

function Get-SimLocal { param([string] $Path) [Sim.Paths]::Local($Path) }
function Get-SimKey { param([string] $Path) if ($Sim.Host.registry.ContainsKey($Path)) { $Sim.Host.registry[$Path] } }
function Set-SimFullName {
    # A file found under a Windows path says its Windows name.
    param($Item, [string] $Full)
    Add-Member -InputObject $Item -NotePropertyName 'FullName' -NotePropertyValue $Full -Force
    $Item
}
function Assert-SimPath {
    # As .NET Framework: such a path is an error and not a file that is not there.
    param($Cmdlet, [string] $Path)
    if ([Sim.Paths]::IsWindows($Path) -and $Path -match '[<>|"\x00-\x1F]') {
        $Cmdlet.ThrowTerminatingError((New-SimError -Id "ItemExistsArgumentError,$($Cmdlet.MyInvocation.InvocationName)" -Category 'InvalidArgument' -Message 'Illegal characters in path.'))
    }
}
function Assert-SimDrive {
    # What joins a path, or makes one, asks for its drive.
    param($Cmdlet, [string] $Path)
    if ([Sim.Paths]::IsWindows($Path) -and $Path[1] -eq ':' -and -not [System.IO.Directory]::Exists((Get-SimLocal $Path.Substring(0, 2)))) {
        $Cmdlet.ThrowTerminatingError((New-SimError -Id "DriveNotFound,$($Cmdlet.MyInvocation.InvocationName)" -Category 'ObjectNotFound' -Message "Cannot find drive. A drive with the name '$($Path[0])' does not exist."))
    }
}
function Test-Path {
    [CmdletBinding()] param([Parameter(Mandatory)] [string] $LiteralPath, [string] $PathType = 'Any')
    Step-SimPath $PSCmdlet 'Test-Path' $LiteralPath
    Assert-SimPath $PSCmdlet $LiteralPath
    if ($LiteralPath -like 'HK*:\*') { $null -ne (Get-SimKey $LiteralPath) }
    else { Microsoft.PowerShell.Management\Test-Path -LiteralPath (Get-SimLocal $LiteralPath) -PathType $PathType }
}
function Get-Item {
    [CmdletBinding()] param([Parameter(Mandatory)] [string] $LiteralPath, [switch] $Force)
    Step-SimPath $PSCmdlet 'Get-Item' $LiteralPath
    if ($LiteralPath -like 'HK*:\*') {
        $key = [pscustomobject]@{ Values = (Get-SimKey $LiteralPath) }
        Add-Member -InputObject $key -MemberType ScriptMethod -Name GetValue -Value { param($Name, $Default = $null) if (-not $Name) { $Name = '(default)' } if ($this.Values.ContainsKey($Name)) { , $this.Values[$Name] } else { $Default } }
        Add-Member -InputObject $key -MemberType ScriptMethod -Name GetValueNames -Value { @(@($this.Values.Keys) -replace '^\(default\)$') }
        return $key
    }
    $item = Microsoft.PowerShell.Management\Get-Item -LiteralPath (Get-SimLocal $LiteralPath) -Force:$Force
    if ([Sim.Paths]::IsWindows($LiteralPath)) { Set-SimFullName $item $LiteralPath } else { $item }
}
function Get-ChildItem {
    [CmdletBinding()] param([Parameter(Mandatory)] [string] $LiteralPath, [switch] $Recurse, [switch] $File, [switch] $Directory, [switch] $Force)
    Step-SimPath $PSCmdlet 'Get-ChildItem' $LiteralPath
    $local = Get-SimLocal $LiteralPath
    $found = Microsoft.PowerShell.Management\Get-ChildItem -LiteralPath $local -Recurse:$Recurse -File:$File -Directory:$Directory -Force:$Force
    foreach ($item in $found) {
        if ([Sim.Paths]::IsWindows($LiteralPath)) {
            Set-SimFullName $item ($LiteralPath.TrimEnd('\') + $item.FullName.Substring($local.Length).Replace('/', '\'))
        }
        else { $item }
    }
}
function New-Item {
    [CmdletBinding()] param([Parameter(Mandatory)] [string] $Path, [string] $ItemType, [switch] $Force)
    Step-SimPath $PSCmdlet 'New-Item' $Path
    Assert-SimDrive $PSCmdlet $Path
    Microsoft.PowerShell.Management\New-Item -Path (Get-SimLocal $Path) -ItemType $ItemType -Force:$Force
}
function Remove-Item {
    [CmdletBinding()] param([Parameter(Mandatory)] [string] $LiteralPath, [switch] $Recurse, [switch] $Force)
    Step-SimPath $PSCmdlet 'Remove-Item' $LiteralPath
    Microsoft.PowerShell.Management\Remove-Item -LiteralPath (Get-SimLocal $LiteralPath) -Recurse:$Recurse -Force:$Force
}
function Copy-Item {
    [CmdletBinding()] param([string] $LiteralPath, [string] $Destination)
    Step-SimPath $PSCmdlet 'Copy-Item' $Destination
    Microsoft.PowerShell.Management\Copy-Item -LiteralPath (Get-SimLocal $LiteralPath) -Destination (Get-SimLocal $Destination)
}
function Join-Path {
    [CmdletBinding()] param([Parameter(Mandatory)] [string] $Path, [string] $ChildPath)
    Assert-SimDrive $PSCmdlet $Path
    if ([Sim.Paths]::IsWindows($Path)) { $Path.TrimEnd('\') + '\' + $ChildPath.TrimStart('\') }
    else { Microsoft.PowerShell.Management\Join-Path -Path $Path -ChildPath $ChildPath }
}
function Split-Path {
    [CmdletBinding()] param([Parameter(Mandatory)] [string] $Path, [switch] $Parent, [switch] $Leaf)
    if (-not [Sim.Paths]::IsWindows($Path)) {
        if ($Leaf) { return Microsoft.PowerShell.Management\Split-Path -Path $Path -Leaf }
        return Microsoft.PowerShell.Management\Split-Path -Path $Path -Parent
    }
    $at = $Path.TrimEnd('\').LastIndexOf([char] '\')
    if ($Leaf) { $Path.TrimEnd('\').Substring($at + 1) } else { $Path.Substring(0, $at) }
}
function Get-Content {
    [CmdletBinding()] param([Parameter(Mandatory)] [string] $LiteralPath, [switch] $Raw, [string] $Encoding = 'Default', [int] $Tail = -1)
    Step-SimPath $PSCmdlet 'Get-Content' $LiteralPath
    $read = @{ LiteralPath = Get-SimLocal $LiteralPath; ErrorAction = 'Stop' }
    $read.Encoding = Get-SimEncoding $Encoding   # 5.1 without -Encoding reads ANSI; OEM is the console's code page
    if ($Tail -ge 0) { $read.Tail = $Tail } else { $read.Raw = $Raw }
    Microsoft.PowerShell.Management\Get-Content @read
}
function Set-Content {
    [CmdletBinding()] param([Parameter(Mandatory)] [string] $LiteralPath, [string] $Encoding = 'Default', $Value)
    Step-SimPath $PSCmdlet 'Set-Content' $LiteralPath
    Microsoft.PowerShell.Management\Set-Content -LiteralPath (Get-SimLocal $LiteralPath) -Encoding (Get-SimEncoding $Encoding) -Value $Value
}
function Out-File {
    [CmdletBinding()] param([string] $LiteralPath, [string] $Encoding = 'unicode', [Parameter(ValueFromPipeline)] $InputObject)
    begin { $lines = [System.Collections.Generic.List[string]]::new() }
    process { $lines.Add([string] $InputObject) }
    end {
        Step-SimPath $PSCmdlet 'Out-File' $LiteralPath
        $lines | Microsoft.PowerShell.Utility\Out-File -LiteralPath (Get-SimLocal $LiteralPath) -Encoding (Get-SimEncoding $Encoding)
    }
}
function Get-FileHash {
    [CmdletBinding()] param([Parameter(Mandatory)] [string] $LiteralPath, [string] $Algorithm)
    Step-SimPath $PSCmdlet 'Get-FileHash' $LiteralPath
    Microsoft.PowerShell.Utility\Get-FileHash -LiteralPath (Get-SimLocal $LiteralPath) -Algorithm $Algorithm
}
function Get-Acl {
    # Whoever makes a folder here is an administrator, unless the description says otherwise ("owners").
    [CmdletBinding()] param([Parameter(Mandatory)] [string] $LiteralPath)
    $owner = if ($Sim.Server.ContainsKey('owners')) { $Sim.Server.owners[(Split-Path -Path $LiteralPath -Leaf)] }
    $found = [pscustomobject]@{ Sid = if ($owner) { $owner } else { 'S-1-5-32-544' } }
    Add-Member -InputObject $found -MemberType ScriptMethod -Name GetOwner -Value { param($Type) [Sim.SecurityIdentifier]::new($this.Sid) }
    $found
}
function Start-Process {
    [CmdletBinding()] param([string] $FilePath, [string[]] $ArgumentList, [switch] $NoNewWindow, [switch] $PassThru, [string] $RedirectStandardOutput, [string] $RedirectStandardError)
    $null = Step-Sim $PSCmdlet 'Start-Process'
    $tool = $FilePath.Split('\')[-1].ToLowerInvariant().Replace('.exe', '')
    $joined = $ArgumentList -join ' '   # as 5.1 does: joined by spaces, nothing quoted
    if ($tool -eq 'powershell') {
        return Microsoft.PowerShell.Management\Start-Process -FilePath $env:SIM_PYTHON -ArgumentList "`"$(Microsoft.PowerShell.Management\Split-Path -Path $PSScriptRoot)/powershell`" $joined" -PassThru:$PassThru -RedirectStandardOutput (Get-SimLocal $RedirectStandardOutput) -RedirectStandardError (Get-SimLocal $RedirectStandardError)
    }
    $env:SIM_STDOUT = Get-SimLocal $RedirectStandardOutput   # 7 would read it as UTF-8 and write that; 5.1 hands the file over
    $env:SIM_EXIT = 'exit-of-job'   # POSIX keeps eight bits of an exit code: any other one is in that file
    try { $job = Microsoft.PowerShell.Management\Start-Process -FilePath $env:SIM_PYTHON -ArgumentList "-S -E `"$PSScriptRoot/natives.py`" $tool $joined" -PassThru:$PassThru }
    finally { $env:SIM_STDOUT = $env:SIM_EXIT = $null }
    Add-Member -InputObject $job -MemberType ScriptProperty -Name ExitCode -Force -PassThru -Value {
        $code = "$env:SIM_SERVER/exit-of-job"
        if ([System.IO.FileInfo]::new($code).Exists) { [int] [Sim.Values]::Read($code) } else { $this.PSBase.ExitCode }
    }
}
function ConvertTo-Json {
    # A value that is nothing at all ($null is not) comes out as {} on 5.1 and as null on 7, which would hide it.
    [CmdletBinding()] param($InputObject, [int] $Depth = 2, [switch] $Compress)
    $nothing = [Sim.Values]::Nothing($InputObject, '$')
    if ($nothing) { throw "SIM: $nothing is nothing at all: 5.1 would write {}" }
    Microsoft.PowerShell.Utility\ConvertTo-Json -InputObject $InputObject -Depth $Depth -Compress:$Compress
}
function ConvertFrom-Json {
    [CmdletBinding()] param([Parameter(ValueFromPipeline)] [string] $InputObject)
    process { Microsoft.PowerShell.Utility\ConvertFrom-Json -InputObject $InputObject @SimJson }
}
function Read-Host {
    # Somebody types: the description's "typed", one after the other; then nothing but Enter.
    [CmdletBinding()] param([string] $Prompt)
    $said = @($Sim.Server['typed'])
    $number = [int] $Sim.Counts['typed']
    $Sim.Counts['typed'] = $number + 1
    if ($number -lt $said.Count) { [string] $said[$number] } else { '' }
}
