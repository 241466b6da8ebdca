#region runbook
param([string] $InputPath, [string] $OutputPath)
#endregion runbook
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# CHANGES this server for a moment: stops TermServLicensing, copies its database's folder into a new dated
# folder, starts it again. The running service holds the database open exclusively, so a live copy fails.
# While it is stopped no new licence is issued; open sessions stay. Copy the system state too: half of what a
# license server is lies in the registry.

# Inputs
$Destination = 'D:\Backups\RDS-Licensing'
$SafetyMinutes = 10   # after this time a scheduled task starts the service, whatever became of this script
$LogPath = ''         # empty: beside the copy
#region runbook
if ($InputPath) {
    $given = Get-Content -LiteralPath $InputPath -Raw -Encoding UTF8 | ConvertFrom-Json
    $Destination = $given.Destination
    $SafetyMinutes = $given.SafetyMinutes
    $LogPath = $given.LogPath
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

$serviceName = 'TermServLicensing'
$taskName = 'RdsCalRunbook-StartTermServLicensing'

$server = Get-CimInstance -Namespace 'root/cimv2' -ClassName 'Win32_TSLicenseServer' -ErrorAction Stop
$source = [System.Environment]::ExpandEnvironmentVariables([string] $server.DatabasePath).TrimEnd('\')
if (-not $source -or -not (Test-Path -LiteralPath $source -PathType Container)) {
    throw "DatabasePath: '$source' is not a folder. Run elevated: to anyone else it comes back empty."
}

# What can be known before anything is stopped.
$refused = $null
$freeBytes = $null
$neededBytes = [long] (Get-ChildItem -LiteralPath $source -Recurse -File -Force -ErrorAction Stop |
        Measure-Object -Property 'Length' -Sum).Sum
if ($Destination -match '^\\\\') {
    $refused = 'share'   # a share can drop out while the service stands still: copy there afterwards
}
elseif ($Destination -notmatch '^[A-Za-z]:\\') {
    $refused = 'not absolute'
}
elseif (-not (Test-Path -LiteralPath ($Destination.Substring(0, 3)))) {
    $refused = 'drive missing'
}
else {
    $full = [System.IO.Path]::GetFullPath($Destination).TrimEnd('\')
    if ("$full\".StartsWith("$source\", [System.StringComparison]::OrdinalIgnoreCase)) {
        $refused = 'inside database'
    }
    $drive = New-Object -TypeName 'System.IO.DriveInfo' -ArgumentList ($Destination.Substring(0, 1))
    $freeBytes = $drive.AvailableFreeSpace
    if (-not $refused -and $freeBytes -lt 2 * $neededBytes) {
        $refused = 'space'
    }
}

$folder = $null
$fault = $null
$taskRegistered = $false
$taskRemoved = $false
$stoppedAt = $null
$startedAt = $null
$secondsStopped = $null
$robocopyExitCode = $null
$esentutlExitCode = $null
$esentutlText = @()
$files = @()
$manifest = $null
$manifestPath = $null
$service = Get-Service -Name $serviceName -ErrorAction Stop

if (-not $refused) {
    $folder = Join-Path -Path $full -ChildPath ([datetime]::UtcNow.ToString("yyyyMMdd'T'HHmmss'Z'"))
    if (-not $LogPath) {
        $LogPath = "$folder.robocopy.log"
    }
    try {
        $null = New-Item -Path $folder -ItemType Directory -Force -ErrorAction Stop

        # The safety net first: `finally` does not survive a kill or a power cut. S-1-5-18 is SYSTEM.
        $action = New-ScheduledTaskAction -Execute "$env:SystemRoot\System32\sc.exe" -Argument "start $serviceName"
        $trigger = New-ScheduledTaskTrigger -Once -At ((Get-Date).AddMinutes($SafetyMinutes))
        $asSystem = New-ScheduledTaskPrincipal -UserId 'S-1-5-18' -LogonType ServiceAccount -RunLevel Highest
        $settings = New-ScheduledTaskSettingsSet -StartWhenAvailable -AllowStartIfOnBatteries `
            -DontStopIfGoingOnBatteries
        $null = Register-ScheduledTask -TaskName $taskName -Action $action -Trigger $trigger `
            -Principal $asSystem -Settings $settings -Force -ErrorAction Stop
        $taskRegistered = $true

        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        $stoppedAt = [datetime]::UtcNow.ToString('o')
        Stop-Service -Name $serviceName -ErrorAction Stop
        $service.WaitForStatus('Stopped', [timespan]::FromSeconds(60))

        # 0 to 7 is success, 8 and more is not. No /MIR: it deletes. No /B: it does not beat a sharing lock.
        $null = robocopy.exe $source $folder /E /COPY:DAT /R:2 /W:2 /XJ /NP "/UNILOG:$LogPath"
        $robocopyExitCode = $LASTEXITCODE
        if ($robocopyExitCode -ge 8) {
            throw "robocopy: exit code $robocopyExitCode."
        }
        $service.Refresh()
        if ($service.Status -ne 'Stopped') {
            throw 'The service started while its database was being copied: the copy cannot be trusted.'
        }
    }
    catch {
        $fault = ConvertTo-Fault -ErrorRecord $_
    }
    finally {
        if ($stoppedAt) {
            Start-Service -Name $serviceName -ErrorAction SilentlyContinue
            try {
                $service.WaitForStatus('Running', [timespan]::FromSeconds(60))
                $startedAt = [datetime]::UtcNow.ToString('o')
            }
            catch {
                if (-not $fault) {
                    $fault = ConvertTo-Fault -ErrorRecord $_
                }
            }
            $secondsStopped = [System.Math]::Round($watch.Elapsed.TotalSeconds, 1)
        }
        # Only once the service has been seen running: until then the task is what will start it.
        $service.Refresh()
        if ($taskRegistered -and $service.Status -eq 'Running') {
            Unregister-ScheduledTask -TaskName $taskName -Confirm:$false -ErrorAction SilentlyContinue
            $taskRemoved = -not (Get-ScheduledTask -TaskName $taskName -ErrorAction SilentlyContinue)
        }
    }

    if (-not $fault) {
        try {
            $database = Get-ChildItem -LiteralPath $folder -Recurse -File -ErrorAction Stop |
                Where-Object -FilterScript { $_.Extension -eq '.edb' } |
                Select-Object -First 1
            if (-not $database) {
                throw 'The copy holds no .edb file.'
            }
            $esentutlText = esentutl.exe /mh $database.FullName
            $esentutlExitCode = $LASTEXITCODE
            if ($esentutlExitCode -ne 0) {
                throw "esentutl: exit code $esentutlExitCode."
            }
            $files = @(
                foreach ($file in Get-ChildItem -LiteralPath $folder -Recurse -File -Force -ErrorAction Stop) {
                    [pscustomobject]@{
                        Name   = $file.FullName.Substring($folder.Length + 1)
                        Size   = $file.Length
                        Sha256 = (Get-FileHash -LiteralPath $file.FullName -Algorithm SHA256).Hash
                    }
                }
            )
            # Beside the copy, not in it, and last: a copy without it was never finished.
            $os = Get-CimInstance -ClassName 'Win32_OperatingSystem' -ErrorAction Stop
            $manifest = [pscustomobject]@{
                Format        = 1
                MadeAt        = [datetime]::UtcNow.ToString('o')
                Way           = 'stop'
                ComputerName  = $env:COMPUTERNAME
                OsVersion     = $os.Version
                OsInstalledAt = $os.InstallDate.ToUniversalTime().ToString('o')
                Source        = $source
                Files         = @($files)
            }
            $manifestPath = "$folder.json"
            ConvertTo-Json -InputObject $manifest -Depth 4 |
                Out-File -LiteralPath $manifestPath -Encoding utf8 -ErrorAction Stop
        }
        catch {
            $fault = ConvertTo-Fault -ErrorRecord $_
        }
    }
}

$service.Refresh()
$result = [pscustomobject]@{
    Source           = $source
    Destination      = $folder
    Refused          = $refused
    FreeBytes        = $freeBytes
    NeededBytes      = $neededBytes
    TaskName         = $taskName
    TaskRegistered   = $taskRegistered
    TaskRemoved      = $taskRemoved
    StoppedAt        = $stoppedAt
    StartedAt        = $startedAt
    SecondsStopped   = $secondsStopped
    RobocopyExitCode = $robocopyExitCode
    EsentutlExitCode = $esentutlExitCode
    EsentutlText     = @($esentutlText | ForEach-Object -Process { [string] $_ })
    Files            = @($files)
    ManifestPath     = $manifestPath
    Manifest         = $manifest
    ServiceState     = $service.Status.ToString()
    Fault            = $fault
}

#region runbook
if ($OutputPath) {
    ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
}
#endregion runbook
$result
