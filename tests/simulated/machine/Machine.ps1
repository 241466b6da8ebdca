# A Windows Server 2022 that is only pretended. Its stubs are functions, which PowerShell finds before the cmdlets of the
# same name. What is asked comes from SIM_SERVER/server.json (README.md says what may stand there); what is changed is
# written back there, so that the next script, or the next run of a notebook, finds it changed.

$Sim = @{ Server = $null; Host = $null; HostName = ''; Counts = @{}; Dead = $false }

function Read-Sim {
    $text = [Sim.Values]::Read("$env:SIM_SERVER/server.json")
    $Sim.Server = [Sim.Values]::Plain((Microsoft.PowerShell.Utility\ConvertFrom-Json -InputObject $text @SimJson))
    $Sim.Host = if ($Sim.HostName) { $Sim.Server.hosts[$Sim.HostName] } else { $Sim.Server }
}
function Save-Sim {
    if ($Sim.Dead) { return }   # what `finally` does after a cmdlet that never returned, on Windows it never does
    $text = Microsoft.PowerShell.Utility\ConvertTo-Json -InputObject ([Sim.Values]::Plain($Sim.Server)) -Depth 20
    [Sim.Values]::Write("$env:SIM_SERVER/server.json", $text)
}
function Get-SimDate { param($Text) if ($Text) { [datetime]::Parse($Text, [cultureinfo]::InvariantCulture, 'RoundtripKind') } }

# --- What a call does instead ------------------------------------------------------------------------------------

function New-SimError {
    param([string] $Id, [string] $Category, [string] $Message, [int] $HResult = -2146233088, $Target = $null)
    $exception = [System.InvalidOperationException]::new($Message)
    [System.Exception].GetProperty('HResult').SetValue($exception, $HResult)   # 4.8 has no public way to set it
    [System.Management.Automation.ErrorRecord]::new($exception, $Id, $Category, $Target)
}
function New-SimFault {
    # What the description gives as "throw" or "error": an HRESULT alone, or id, category and message.
    param($Asked, [string] $Cmdlet)
    if ($Asked -is [string]) {
        $Asked = @{ id = "HRESULT $Asked,Microsoft.Management.Infrastructure.CimCmdlets.$($Cmdlet.Replace('-', ''))Command"; category = 'NotSpecified'; message = "Simulated failure $Asked" }
    }
    New-SimError -Id $Asked.id -Category $Asked.category -Message $Asked.message
}
function Get-SimCall {
    # What the description says of this call; of a list each call takes the next one, and the last one stays.
    param([string] $Called, [switch] $Peek)
    if (-not $Sim.Host.ContainsKey('calls') -or -not $Sim.Host.calls.ContainsKey($Called)) { return $null }
    $steps = @($Sim.Host.calls[$Called])
    $number = [int] $Sim.Counts[$Called]
    if (-not $Peek) { $Sim.Counts[$Called] = $number + 1 }
    $steps[[System.Math]::Min($number, $steps.Count - 1)]
}
function Stop-Sim {
    # The real cmdlet waits here for ever.
    param([string] $In)
    Save-Sim
    $Sim.Dead = $true
    [Sim.Values]::Write("$env:SIM_SERVER/hangs", $In)
    throw [System.Management.Automation.PipelineStoppedException]::new()
}
function Stop-SimLine {
    # The line to the workstation is cut here: the session's process is gone, and with it what it had started ("dies").
    param([string] $How)
    Save-Sim
    $pids = @($env:SIM_LINE)
    if ($How -eq 'dies') { $pids += $PID }
    foreach ($number in $pids) { [System.Diagnostics.Process]::GetProcessById($number).Kill() }
}
function Step-Sim {
    # One call by its name: it fails, hangs, or gives back what the description says of it.
    param($Cmdlet, [string] $Called)
    if ($Sim.Dead) { throw [System.Management.Automation.PipelineStoppedException]::new() }
    $call = Get-SimCall -Called $Called
    if ($call) {
        $name = $Cmdlet.MyInvocation.InvocationName
        if ($call.ContainsKey('hang')) { Stop-Sim $Called }
        if ($call.ContainsKey('cut')) { Stop-SimLine $call.cut }
        if ($call.ContainsKey('throw')) { $Cmdlet.ThrowTerminatingError((New-SimFault $call.throw $name)) }
        if ($call.ContainsKey('error')) { $Cmdlet.WriteError((New-SimFault $call.error $name)) }
    }
    $call
}
function Step-SimPath {
    # A place that refuses, cmdlet by cmdlet.
    param($Cmdlet, [string] $On, [string] $Path)
    if ($Sim.Dead) { throw [System.Management.Automation.PipelineStoppedException]::new() }
    if (-not $Sim.Server.ContainsKey('paths')) { return }
    foreach ($rule in $Sim.Server.paths) {
        if ($On -match $rule.on -and $Path -match $rule.path) {
            if ($rule.ContainsKey('cut')) { Stop-SimLine $rule.cut; continue }
            $asked = if ($rule.ContainsKey('throw')) { $rule.throw } else { @{ id = "UnauthorizedAccessException,$On"; category = 'PermissionDenied'; message = "Access to the path '$Path' is denied." } }
            $Cmdlet.ThrowTerminatingError((New-SimFault $asked $On))
        }
    }
}

# --- Which machine this is ---------------------------------------------------------------------------------------

$SimTools = 'robocopy', 'esentutl', 'diskshadow', 'wevtutil', 'gpresult', 'gpupdate', 'w32tm', 'wbadmin', 'icacls', 'taskkill'
$SimTool = {
    # A process of its own. POSIX keeps eight bits of an exit code: any other one is left in a file.
    $input | & $env:SIM_PYTHON -S -E "$PSScriptRoot/natives.py" $MyInvocation.MyCommand.Name.Replace('.exe', '') @args
    $code = "$env:SIM_SERVER/exit"
    if ([System.IO.FileInfo]::new($code).Exists) { $global:LASTEXITCODE = [int] [Sim.Values]::Read($code); [System.IO.FileInfo]::new($code).Delete() }
}
$SimRefused = {
    # There, and not to be started: a policy forbids it. An error of the statement, as Windows' own.
    [CmdletBinding(PositionalBinding = $false)] param([Parameter(ValueFromPipeline)] $Said, [Parameter(ValueFromRemainingArguments)] $Words)
    process { $null = Step-Sim $PSCmdlet $MyInvocation.MyCommand.Name }
}
function Select-SimHost {
    # From here on this is another machine ('' = the server itself).
    param([string] $Name)
    $Sim.HostName = $Name
    Read-Sim
    $computer = $Sim.Host.computer
    $env:SIM_HOST = $Name
    $env:SIM_USER = $computer.user
    $env:SIM_ELEVATED = [string] [int] $computer.elevated
    $env:COMPUTERNAME = $computer.name   # the NetBIOS name: 15 characters; "dnsName" where the host's own name is longer
    $env:SIM_DNSNAME = if ($computer.ContainsKey('dnsName')) { $computer.dnsName } else { $computer.name }
    # Windows knows no TZ: there the server is in the zone of the machine that it runs on.
    $env:TZ = if ($computer.ContainsKey('timeZone')) { $computer.timeZone } else { 'UTC' }
    [System.TimeZoneInfo]::ClearCachedData()
    $oem = if ($computer.ContainsKey('oem')) { [int] $computer.oem } else { 850 }
    $env:SIM_OEM = $oem
    # What a native tool prints is read by the console's code page.
    [System.Console]::OutputEncoding = [System.Text.Encoding]::GetEncoding($oem)
    if ($Sim.Host.ContainsKey('calls')) {
        foreach ($cmdlet in @($Sim.Host.calls.Keys)) {
            $call = Get-SimCall -Called $cmdlet -Peek
            if ($call -is [hashtable] -and $call.ContainsKey('missing')) { Microsoft.PowerShell.Management\Remove-Item -Path "function:$cmdlet" -ErrorAction Ignore }
        }
    }
    foreach ($tool in $SimTools) {
        $call = Get-SimCall -Called "$tool.exe" -Peek
        if ($call -is [hashtable] -and $call.ContainsKey('missing')) { Microsoft.PowerShell.Management\Remove-Item -Path "function:$tool.exe" -ErrorAction Ignore; continue }
        $does = if ($call -is [hashtable] -and $call.ContainsKey('throw')) { $SimRefused } else { $SimTool }
        Microsoft.PowerShell.Management\Set-Item -Path "function:global:$tool.exe" -Value $does
    }
}

. "$PSScriptRoot/Edition.ps1"
# A cmdlet that is missing here is not to be found in the real system instead: all that the stubs call is there before.
if (-not $ExecutionContext.InvokeCommand.GetCmdlet('Set-Item')) { Import-Module -Name 'Microsoft.PowerShell.Management', 'Microsoft.PowerShell.Utility' }
$PSModuleAutoLoadingPreference = 'None'
foreach ($name in 'SystemRoot', 'SYSTEMROOT', 'systemroot', 'windir', 'WINDIR') { [System.Environment]::SetEnvironmentVariable($name, 'C:\Windows') }   # Windows' names have no case
$env:SystemDrive = 'C:'
$env:TEMP = 'C:\Windows\Temp'
foreach ($part in 'Cim', 'System', 'Service', 'Remoting', 'Files') { . "$PSScriptRoot/$part.ps1" }
Select-SimHost ([string] $env:SIM_AS)
$env:SIM_NET = if ($Sim.Server.ContainsKey('net')) { @(foreach ($name in $Sim.Server.net.Keys) { "$name=$($Sim.Server.net[$name])" }) -join ';' } else { '' }
[cultureinfo]::CurrentCulture = $Sim.Host.computer.culture
