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
    $Destination = [string] $given.Destination
    if ($given.SafetyMinutes) {
        $SafetyMinutes = [int] $given.SafetyMinutes
    }
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

function Get-PlainFile {
    # Every file below a folder, not through links to folders: those are not copied, and -Recurse would follow them.
    param([string] $Path)
    foreach ($item in Get-ChildItem -LiteralPath $Path -Force -ErrorAction Stop) {
        if (-not $item.PSIsContainer) {
            $item
        }
        elseif (-not ($item.Attributes -band [System.IO.FileAttributes]::ReparsePoint)) {
            Get-PlainFile -Path $item.FullName
        }
    }
}

function Test-FolderBelow {
    # Is there a folder of that name below this one? Not through links to folders.
    param([string] $Path, [string] $Name)
    $found = $false
    foreach ($item in Get-ChildItem -LiteralPath $Path -Directory -Force -ErrorAction Stop) {
        if ($item.Name -eq $Name) {
            $found = $true
        }
        elseif (-not $found -and -not ($item.Attributes -band [System.IO.FileAttributes]::ReparsePoint)) {
            $found = Test-FolderBelow -Path $item.FullName -Name $Name
        }
    }
    $found
}

function Test-Place {
    # A place that refuses to be looked at is not there for us; why is kept in $placeFaults under its path.
    param([string] $Path)
    try {
        Test-Path -LiteralPath $Path -PathType Container
    }
    catch {
        $placeFaults[$Path] = ConvertTo-Fault -ErrorRecord $_
        $false
    }
}
$placeFaults = @{}

if ($SafetyMinutes -lt 1) {
    throw 'SafetyMinutes: 1 or more.'   # a task that is due already would start the service while it is copied
}
$serviceName = 'TermServLicensing'
$taskName = 'RdsCalRunbook-StartTermServLicensing'

$server = Get-CimInstance -Namespace 'root/cimv2' -ClassName 'Win32_TSLicenseServer' -ErrorAction Stop |
    Select-Object -First 1
if (-not $server) {
    throw 'Win32_TSLicenseServer has no instance: the role service Remote Desktop Licensing is not there.'
}
$source = [System.Environment]::ExpandEnvironmentVariables([string] $server.DatabasePath).TrimEnd('\')
if (-not $source -or -not (Test-Path -LiteralPath $source -PathType Container)) {
    throw "DatabasePath: '$source' is not a folder. Run elevated: to anyone else it comes back empty."
}

# What can be known before anything is stopped.
$refused = $null
$freeBytes = $null
$neededBytes = [long] 0
$databases = @()
foreach ($file in Get-PlainFile -Path $source) {
    $neededBytes += $file.Length
    if ($file.Extension -eq '.edb') {
        $databases += $file.Name
    }
}
if ($Destination -match '^\\\\') {
    $refused = 'share'   # a share can drop out while the service stands still: copy there afterwards
}
elseif ($Destination -notmatch '^[A-Za-z]:\\[^<>"|?*:\x00-\x1F]*\z' -or $Destination.Length -gt 200) {
    $refused = 'not absolute'   # or no path that 5.1 could use
}
elseif (-not (Test-Place -Path $Destination.Substring(0, 3))) {
    $refused = 'drive missing'
}
else {
    $full = [System.IO.Path]::GetFullPath($Destination).TrimEnd('\')
    if ("$full\".StartsWith("$source\", [System.StringComparison]::OrdinalIgnoreCase)) {
        $refused = 'inside database'
    }
    $drive = New-Object -TypeName 'System.IO.DriveInfo' -ArgumentList ($Destination.Substring(0, 1))
    if (-not $refused -and $drive.DriveType -eq 'Network') {
        $refused = 'share'   # under a letter as well
    }
    $freeBytes = $drive.AvailableFreeSpace
    if (-not $refused -and $freeBytes -lt 2 * $neededBytes) {
        $refused = 'space'
    }
}

$fault = $null
if ($refused -eq 'drive missing') {
    $fault = $placeFaults[$Destination.Substring(0, 3)]   # nothing where it is simply not there
}
# Before anything is stopped: is there something to copy, and could the service be started again?
$service = Get-Service -Name $serviceName -ErrorAction Stop
if (-not $refused -and $databases.Count -eq 0) {
    $refused = 'no database'
    $fault = [pscustomobject]@{
        FullyQualifiedErrorId = 'NoDatabase'
        Category              = 'ObjectNotFound'
        HResult               = '0x80131500'
        Message               = "$source holds no .edb file."
    }
}
if (-not $refused -and $service.StartType -eq 'Disabled') {
    $refused = 'disabled'
}

$folder = $null
$startFault = $null
$rightsExitCode = $null
$dependents = @()
$dependentsDown = @()
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

if (-not $refused) {
    $folder = Join-Path -Path $full -ChildPath ([datetime]::UtcNow.ToString("yyyyMMdd'T'HHmmss'Z'", [cultureinfo]::InvariantCulture))
    if (-not $LogPath) {
        $LogPath = "$folder.robocopy.log"
    }
    try {
        # The safety net first: `finally` does not survive a kill or a power cut. S-1-5-18 is SYSTEM.
        $refused = 'task'   # until it is registered
        # Stop() stops what depends on the service as well, and nothing else would start that again.
        $dependents = @($service.DependentServices | Where-Object -FilterScript { 'Stopped', 'StopPending' -notcontains $_.Status })
        $starts = @("start $serviceName") + @($dependents | ForEach-Object -Process { "start `"$($_.Name)`"" })
        $actions = @(
            foreach ($start in $starts) {
                New-ScheduledTaskAction -Execute "$env:SystemRoot\System32\sc.exe" -Argument $start
            }
        )
        # Again every five minutes for an hour: a service that is still about to stop cannot be started yet.
        $trigger = New-ScheduledTaskTrigger -Once -At ((Get-Date).AddMinutes($SafetyMinutes)) `
            -RepetitionInterval (New-TimeSpan -Minutes 5) -RepetitionDuration (New-TimeSpan -Hours 1)
        $asSystem = New-ScheduledTaskPrincipal -UserId 'S-1-5-18' -LogonType ServiceAccount -RunLevel Highest
        $settings = New-ScheduledTaskSettingsSet -StartWhenAvailable -AllowStartIfOnBatteries `
            -DontStopIfGoingOnBatteries
        $stamp = "yyyy-MM-dd'T'HH:mm:ss'Z'"
        # Without an end a task that was missed is not caught up, and one that was left would stay for ever.
        $trigger.EndBoundary = [datetime]::UtcNow.AddDays(7).ToString($stamp, [cultureinfo]::InvariantCulture)
        # With its zone: summer time may end meanwhile, and an hour that comes twice is not the one that was meant.
        $trigger.StartBoundary = [datetime]::UtcNow.AddMinutes($SafetyMinutes).ToString($stamp, [cultureinfo]::InvariantCulture)
        $settings.DeleteExpiredTaskAfter = 'PT0S'
        $null = Register-ScheduledTask -TaskName $taskName -Action $actions -Trigger $trigger `
            -Principal $asSystem -Settings $settings -Force -ErrorAction Stop
        $taskRegistered = $true
        $refused = $null

        $null = New-Item -Path $folder -ItemType Directory -ErrorAction Stop   # a new one: never into another copy
        # By a link on the way it may lie in the database all the same, whatever its path says: then it is seen there.
        if (Test-FolderBelow -Path $source -Name (Split-Path -Path $folder -Leaf)) {
            $refused = 'inside database'
            Remove-Item -LiteralPath $folder -ErrorAction Stop   # it holds nothing yet
            $folder = $null
            throw "$Destination lies in $source, by a link."
        }

        # The copy is worth the licences: for Administrators and SYSTEM only (by SID), not for whoever may read the drive.
        try {
            $null = icacls.exe $folder /inheritance:r /grant:r '*S-1-5-32-544:(OI)(CI)F' '*S-1-5-18:(OI)(CI)F' /Q
            $rightsExitCode = $LASTEXITCODE
            if ($rightsExitCode -ne 0) {
                Write-Warning "icacls: exit code $rightsExitCode. Others may read the copy."
            }
        }
        catch {
            $rightsExitCode = $null   # not known: told as such
        }

        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        $stoppedAt = [datetime]::UtcNow.ToString('o')
        # Stop() asks and does not wait; Stop-Service waits without end as long as the service is about to stop.
        if ($service.Status -ne 'Stopped') {
            $service.Stop()
        }
        $service.WaitForStatus('Stopped', [timespan]::FromSeconds(60))

        # What has to lie there afterwards: robocopy's own exit code is not the only thing believed.
        $sizes = @{}
        foreach ($file in Get-PlainFile -Path $source) {
            $sizes[$file.FullName.Substring($source.Length + 1)] = $file.Length
        }

        # 0 to 7 is success, 8 and more is not. No /MIR: it deletes. No /B: it does not beat a sharing lock.
        $null = robocopy.exe $source $folder /E /COPY:DAT /R:2 /W:2 /XJ /NP "/UNILOG:$LogPath"
        $robocopyExitCode = $LASTEXITCODE
        if ($robocopyExitCode -lt 0 -or $robocopyExitCode -ge 8) {
            throw "robocopy: exit code $robocopyExitCode."   # below 0: it crashed
        }
        foreach ($name in $sizes.Keys) {
            $there = Join-Path -Path $folder -ChildPath $name
            if (-not (Test-Path -LiteralPath $there) -or (Get-Item -LiteralPath $there -Force).Length -ne $sizes[$name]) {
                throw "The copy lacks ${name}, or holds it with another size."
            }
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
            # Once more after a moment: something may still have held the database, or its process not have ended.
            foreach ($pause in 0, 3) {
                if ($pause -eq 0 -or $startFault) {
                    Start-Sleep -Seconds $pause
                    $startFault = $null
                    try {
                        $service.Refresh()
                        if ('Running', 'StartPending' -notcontains $service.Status) {
                            $service.Start()
                        }
                    }
                    catch {
                        $startFault = ConvertTo-Fault -ErrorRecord $_   # why; whether it runs after all is seen below
                    }
                }
            }
            try {
                $service.WaitForStatus('Running', [timespan]::FromSeconds(60))
                $startedAt = [datetime]::UtcNow.ToString('o')
                $startFault = $null
            }
            catch {
                if (-not $startFault) {
                    $startFault = ConvertTo-Fault -ErrorRecord $_
                }
            }
            foreach ($dependent in $dependents) {
                try {
                    $dependent.Refresh()
                    if ($dependent.Status -ne 'Running') {
                        $dependent.Start()
                    }
                    $dependent.WaitForStatus('Running', [timespan]::FromSeconds(60))
                }
                catch {
                    $dependentsDown += $dependent.Name
                    Write-Warning "$($dependent.Name): $($_.Exception.Message)"
                }
            }
            $secondsStopped = [System.Math]::Round($watch.Elapsed.TotalSeconds, 1)
        }
        # Only once the service has been seen running: until then the task is what will start it. Where nothing was
        # stopped there is nothing to start either.
        $service.Refresh()
        if ($taskRegistered -and ($service.Status -eq 'Running' -or -not $stoppedAt)) {
            try {
                Unregister-ScheduledTask -TaskName $taskName -Confirm:$false -ErrorAction SilentlyContinue
                $taskRemoved = -not (Get-ScheduledTask -TaskName $taskName -ErrorAction SilentlyContinue)
            }
            catch {
                $taskRemoved = $false   # told by that word; it starts a service that runs, which does nothing
            }
        }
    }

    if (-not $fault) {
        try {
            $copied = @(Get-PlainFile -Path $folder)
            $databases = @($copied | Where-Object -FilterScript { $_.Extension -eq '.edb' })
            if ($databases.Count -eq 0) {
                throw 'The copy holds no .edb file.'
            }
            # Every database, not the first one: what lies beside TLSLic.edb may sort before it.
            foreach ($database in $databases) {
                $esentutlText = @($esentutlText) + @(esentutl.exe /mh $database.FullName)
                $esentutlExitCode = $LASTEXITCODE
                if ($esentutlExitCode -ne 0) {
                    throw "esentutl: exit code $esentutlExitCode for $($database.Name)."
                }
            }
            $files = @(
                foreach ($file in $copied) {
                    [pscustomobject]@{
                        Name   = $file.FullName.Substring($folder.Length + 1)
                        Size   = $file.Length
                        Sha256 = (Get-FileHash -LiteralPath $file.FullName -Algorithm SHA256 -ErrorAction Stop).Hash
                    }
                }
            )
            # Beside the copy, not in it, and last: a copy without it was never finished.
            $osVersion = $null
            $installedAt = $null
            try {
                $os = Get-CimInstance -ClassName 'Win32_OperatingSystem' -ErrorAction Stop
                $osVersion = $os.Version
                if ($os.InstallDate) {
                    $installedAt = $os.InstallDate.ToUniversalTime().ToString('o')
                }
            }
            catch {
                $installedAt = $null   # not known: no copy is lost for that
            }
            $written = [pscustomobject]@{
                Format        = 1
                MadeAt        = [datetime]::UtcNow.ToString('o')
                Way           = 'stop'
                ComputerName  = $env:COMPUTERNAME
                OsVersion     = $osVersion
                OsInstalledAt = $installedAt
                Source        = $source
                Files         = @($files)
            }
            ConvertTo-Json -InputObject $written -Depth 4 |
                Out-File -LiteralPath "$folder.json" -Encoding utf8 -ErrorAction Stop
            $manifest = $written   # only now: a manifest that could not be written is none
            $manifestPath = "$folder.json"
        }
        catch {
            $fault = ConvertTo-Fault -ErrorRecord $_
        }
    }
}

if (-not $fault) {
    $fault = $startFault   # the copy may be whole all the same: then it has its manifest
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
    RightsExitCode   = $rightsExitCode
    StoppedAt        = $stoppedAt
    StartedAt        = $startedAt
    SecondsStopped   = $secondsStopped
    DependentsDown   = @($dependentsDown)
    RobocopyExitCode = $robocopyExitCode
    EsentutlExitCode = $esentutlExitCode
    EsentutlText     = @($esentutlText | ForEach-Object -Process { [string] $_ })
    Files            = @($files)
    ManifestPath     = $manifestPath
    Manifest         = $manifest
    ServiceState     = if ($service.Status) { $service.Status.ToString() } else { 'Unknown' }
    Fault            = $fault
}

#region runbook
if ($OutputPath) {
    ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
}
#endregion runbook
$result
