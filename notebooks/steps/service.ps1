#region runbook
param([string] $InputPath, [string] $OutputPath)
#endregion runbook
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# The licensing service, by its name: its display name is translated. Reads only.

# Inputs
$Name = 'TermServLicensing'

$service = Get-CimInstance -ClassName 'Win32_Service' -Filter "Name = '$Name'" -ErrorAction Stop |
    Select-Object -First 1

$startedAt = $null
if ($service -and $service.ProcessId) {
    try {
        $process = Get-Process -Id $service.ProcessId -ErrorAction SilentlyContinue
        if ($process -and $process.StartTime) {
            $startedAt = $process.StartTime.ToUniversalTime().ToString('o')
        }
    }
    catch {
        $startedAt = $null   # a process that refuses to be looked at
    }
}

if ($service) {
    $result = [pscustomobject]@{
        Name      = $service.Name
        Present   = $true
        State     = $service.State
        StartMode = $service.StartMode
        StartName = $service.StartName
        PathName  = $service.PathName
        ProcessId = $service.ProcessId
        StartedAt = $startedAt
        ExitCode  = $service.ExitCode
    }
}
else {
    $result = [pscustomobject]@{
        Name      = $Name
        Present   = $false
        State     = $null
        StartMode = $null
        StartName = $null
        PathName  = $null
        ProcessId = $null
        StartedAt = $null
        ExitCode  = $null
    }
}

#region runbook
if ($OutputPath) {
    ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
}
#endregion runbook
$result
