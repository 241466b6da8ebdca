#region runbook
param([string] $InputPath, [string] $OutputPath)
#endregion runbook
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# CHANGES the session hosts: each reads its computer policy again. The effect is what policy says now; undo it by
# putting the policy back and running this again. TermService is never restarted: it would cut every session.

# Inputs
$ComputerNames = @()   # none: this machine
$ThrottleLimit = 32
#region runbook
if ($InputPath) {
    $given = Get-Content -LiteralPath $InputPath -Raw -Encoding UTF8 | ConvertFrom-Json
    $ComputerNames = @($given.ComputerNames | Where-Object -FilterScript { $_ })
    # Only a list that is empty means this machine: one that is missing, or holds nothing but nulls, does not.
    if ($null -eq $given.ComputerNames -or (@($given.ComputerNames).Count -gt 0 -and $ComputerNames.Count -eq 0)) {
        throw 'ComputerNames: a list of names is expected.'
    }
    if ($given.ThrottleLimit) {
        $ThrottleLimit = $given.ThrottleLimit
    }
}
#endregion runbook

function ConvertTo-Fault {
    param([System.Management.Automation.ErrorRecord] $ErrorRecord)
    [pscustomobject]@{
        FullyQualifiedErrorId = $ErrorRecord.FullyQualifiedErrorId
        Category              = $ErrorRecord.CategoryInfo.Category.ToString()
        HResult               = '0x{0:X8}' -f $ErrorRecord.Exception.HResult
        Message               = $ErrorRecord.Exception.Message
    }
}

$refresh = {
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    # In a remote session a line on stderr is an error record: it must not stop the rest.
    $ErrorActionPreference = 'Continue'
    $exitCode = $null
    $null = Get-Command -Name 'gpupdate.exe' -ErrorAction Stop
    # "No" to its question whether to restart: it has nobody to ask here.
    $text = 'N' | gpupdate.exe /target:computer /wait:300
    $exitCode = $LASTEXITCODE
    if ($null -eq $exitCode) {
        throw 'gpupdate.exe could not be started.'
    }
    if ($exitCode -ne 0) {
        $text = @($text) + "gpupdate: $exitCode"
    }
    [pscustomobject]@{
        ExitCode = $exitCode
        Seconds  = [System.Math]::Round($watch.Elapsed.TotalSeconds, 1)
        Text     = @($text | ForEach-Object -Process { [string] $_ }) -join "`n"
    }
}

if ($ComputerNames.Count -eq 0) {
    $ComputerNames = @($env:COMPUTERNAME)
}
# A name with dots only if it is the whole one; the NetBIOS name ends after 15 characters, the host's own need not.
$shortName = [System.Net.Dns]::GetHostName().Split('.')[0]
$ownNames = @($env:COMPUTERNAME, $shortName, 'localhost', '.')
try {
    $system = Get-CimInstance -ClassName 'Win32_ComputerSystem' -ErrorAction Stop
    if ($system.PartOfDomain) {
        $ownNames += @("$env:COMPUTERNAME.$($system.Domain)", "$shortName.$($system.Domain)")
    }
}
catch {
    Write-Warning "Win32_ComputerSystem: $($_.Exception.Message)"   # then its short names alone are known for its own
}
# A dot may end a whole name.
$localNames = @($ComputerNames | Where-Object -FilterScript { $ownNames -contains ($_ -replace '(?<=.)\.$', '') })
$remoteNames = @()

# Whatever the culture's letters are: in Turkish I is no i.
$answers = [System.Collections.Hashtable]::new([System.StringComparer]::OrdinalIgnoreCase)
$failures = [System.Collections.Hashtable]::new([System.StringComparer]::OrdinalIgnoreCase)
foreach ($name in $ComputerNames | Where-Object -FilterScript { $localNames -notcontains $_ }) {
    if ([uri]::CheckHostName($name) -ne 'Unknown') {
        if ($remoteNames -notcontains $name) {
            $remoteNames += $name   # once, however often it is named
        }
    }
    else {
        # Among the others it would end the call for all of them.
        $failures[$name] = [pscustomobject]@{
            FullyQualifiedErrorId = 'PSSessionInvalidComputerName'
            Category              = 'InvalidArgument'
            HResult               = '0x80070057'
            Message               = "$name cannot be the name of a computer."
        }
    }
}
if ($localNames.Count -gt 0) {
    # Once, whatever it is called here.
    try {
        $own = & $refresh
        foreach ($name in $localNames) {
            $answers[$name] = $own
        }
    }
    catch {
        foreach ($name in $localNames) {
            $failures[$name] = ConvertTo-Fault -ErrorRecord $_
        }
    }
}
if ($remoteNames.Count -gt 0) {
    $errorRecords = @()
    $found = @()
    try {
        $option = New-PSSessionOption -OpenTimeout 20000 -OperationTimeout 400000
        $found = @(Invoke-Command -ComputerName $remoteNames -ScriptBlock $refresh `
                -ThrottleLimit $ThrottleLimit -SessionOption $option `
                -ErrorAction SilentlyContinue -ErrorVariable 'errorRecords')
    }
    catch {
        # The call itself failed: so it did for each of them, and for nobody else.
        foreach ($name in $remoteNames) {
            $failures[$name] = ConvertTo-Fault -ErrorRecord $_
        }
    }
    foreach ($answer in $found) {
        # A host's own session may say something beside its answer.
        if (-not $answers.ContainsKey($answer.PSComputerName) -or $answer.PSObject.Properties['ExitCode']) {
            $answers[$answer.PSComputerName] = $answer
        }
    }
    # An error variable can hold other things than error records.
    foreach ($record in $errorRecords | Where-Object -FilterScript { $_ -is [System.Management.Automation.ErrorRecord] }) {
        $name = [string] $record.TargetObject
        if ($record.PSObject.Properties['OriginInfo']) {
            $name = $record.OriginInfo.PSComputerName
        }
        if (-not $failures.ContainsKey($name)) {
            $failures[$name] = ConvertTo-Fault -ErrorRecord $record
        }
    }
}

$hostRows = @(
    foreach ($name in $ComputerNames) {
        $exitCode = $null
        $seconds = $null
        $text = @()
        $fault = $null
        $reached = $false
        if ($answers.ContainsKey($name)) {
            try {
                $exitCode = [int] $answers[$name].ExitCode
                $seconds = [double] $answers[$name].Seconds
                $text = @(([string] $answers[$name].Text) -split "`n")
                $reached = $true
            }
            catch {
                $fault = ConvertTo-Fault -ErrorRecord $_   # what this host sent cannot be read; the others' can
            }
        }
        elseif ($failures.ContainsKey($name)) {
            $fault = $failures[$name]
        }
        else {
            # Nothing came back under this name: that is told, and not left blank.
            $fault = [pscustomobject]@{
                FullyQualifiedErrorId = 'NoAnswer'
                Category              = 'ObjectNotFound'
                HResult               = '0x80131500'
                Message               = "No answer came back for $name."
            }
        }
        [pscustomobject]@{
            Name     = $name
            Local    = ($localNames -contains $name)
            Reached  = $reached
            ExitCode = $exitCode
            Seconds  = $seconds
            Text     = @($text)
            Fault    = $fault
        }
    }
)

$result = [pscustomobject]@{
    Hosts = @($hostRows)
}

#region runbook
if ($OutputPath) {
    ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
}
#endregion runbook
$result
