#region runbook
param([string] $InputPath, [string] $OutputPath)
#endregion runbook
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# Backs up the system state with Windows Server Backup: registry, boot files, and what the writers name. It takes
# long and fills gigabytes. Past its limit the job is ended in the orderly way, with wbadmin stop job.

# Inputs
$Target = 'E:'         # a volume without system-state files, or a share
$LimitMinutes = 120
$Folder = ''           # empty: a folder of the session's own for what wbadmin says
#region runbook
if ($InputPath) {
    $given = Get-Content -LiteralPath $InputPath -Raw -Encoding UTF8 | ConvertFrom-Json
    $Target = $given.Target
    if ($null -ne $given.LimitMinutes) {
        $LimitMinutes = $given.LimitMinutes
    }
    $Folder = $given.Folder
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
if (-not $Folder) {
    $Folder = Join-Path -Path $env:TEMP -ChildPath 'rds-cal-system-state'
}
$null = New-Item -Path $Folder -ItemType Directory -Force -ErrorAction Stop
$console = Join-Path -Path $Folder -ChildPath 'wbadmin.log'
if (Test-Path -LiteralPath $console) {
    Remove-Item -LiteralPath $console -Force -ErrorAction Stop   # what an earlier run said is not this one's answer
}
if (-not $Target -or $Target -match '"') {
    throw 'Target: a drive or a share is expected; no quotation mark can stand in it.'
}
# Before anything is begun: what cannot be waited for would go on unseen.
$LimitMinutes = [int] $LimitMinutes
if ($LimitMinutes -lt 0) {
    throw 'LimitMinutes: not below 0.'
}
$tool = Join-Path -Path $env:SystemRoot -ChildPath 'System32\wbadmin.exe'

$featureState = $null
$startedAt = $null
$endedAt = $null
$exitCode = $null
$stopped = $false
$stopExitCode = $null
$lastResult = $null
$lastSuccessAt = $null
$versions = $null
$fault = $null
try {
    foreach ($feature in Get-WindowsFeature -Name 'Windows-Server-Backup' -ErrorAction Stop) {
        $featureState = [string] $feature.InstallState
    }
    if ($featureState -eq 'Installed') {
        $startedAt = [datetime]::UtcNow.ToString('o')
        $job = Start-Process -FilePath $tool -ArgumentList @(
            'start', 'systemstatebackup', "-backupTarget:`"$($Target.TrimEnd('\'))`"", '-quiet'
        ) -NoNewWindow -PassThru -RedirectStandardOutput $console -ErrorAction Stop
        $null = $job.Handle   # held on to: without it the exit code is not known afterwards
        if (-not $job.WaitForExit([int] [System.Math]::Min([long] $LimitMinutes * 60000, [int]::MaxValue))) {
            $stopped = $true
            $null = wbadmin.exe stop job -quiet
            $stopExitCode = $LASTEXITCODE
            if ($stopExitCode -ne 0) {
                $fault = [pscustomobject]@{
                    FullyQualifiedErrorId = "wbadmin stop job: exit code $stopExitCode."
                    Category              = 'OperationStopped'
                    HResult               = '0x80131501'
                    Message               = "wbadmin stop job: exit code $stopExitCode."
                }
            }
            $null = $job.WaitForExit(120000)
        }
        if ($job.HasExited) {
            $exitCode = $job.ExitCode
        }
        $endedAt = [datetime]::UtcNow.ToString('o')

        $summary = Get-WBSummary -ErrorAction Stop
        # Nothing is nothing: as a number it would be 0, which means success.
        if ($null -ne $summary.LastBackupResultHR) {
            $lastResult = [long] $summary.LastBackupResultHR
        }
        if ($null -ne $summary.NumberOfVersions) {
            $versions = [int] $summary.NumberOfVersions
        }
        if ($summary.LastSuccessfulBackupTime) {
            $lastSuccessAt = $summary.LastSuccessfulBackupTime.ToUniversalTime().ToString('o')
        }
    }
}
catch {
    if (-not $fault) {
        $fault = ConvertTo-Fault -ErrorRecord $_
    }
}

# What it said: a file that is still held, or gone, does not lose how the backup ended.
$text = @()
try {
    if (Test-Path -LiteralPath $console) {
        $text = @(Get-Content -LiteralPath $console -Tail 20 -Encoding Oem -ErrorAction Stop | ForEach-Object -Process { [string] $_ })
    }
}
catch {
    $text = @("wbadmin.log: $($_.Exception.Message)")
}

$result = [pscustomobject]@{
    Target        = $Target
    FeatureState  = $featureState
    LimitMinutes  = $LimitMinutes
    StartedAt     = $startedAt
    EndedAt       = $endedAt
    ExitCode      = $exitCode
    Stopped       = $stopped
    StopExitCode  = $stopExitCode
    Text          = @($text)
    LastResult    = $lastResult
    LastSuccessAt = $lastSuccessAt
    Versions      = $versions
    Fault         = $fault
}

#region runbook
if ($OutputPath) {
    ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
}
#endregion runbook
$result
