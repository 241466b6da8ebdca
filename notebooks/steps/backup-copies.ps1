#region runbook
param([string] $InputPath, [string] $OutputPath)
#endregion runbook
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# Reads every dated copy again: its files, their hashes, the state of its database, and which server and system
# this is. Reads only; it touches neither the service nor the registry.

# Inputs
$Destination = 'D:\Backups\RDS-Licensing'
#region runbook
if ($InputPath) {
    $given = Get-Content -LiteralPath $InputPath -Raw -Encoding UTF8 | ConvertFrom-Json
    $Destination = [string] $given.Destination
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
    $installedAt = $null   # not known: the copies are what is asked for
}

$databasePath = $null
try {
    $server = Get-CimInstance -Namespace 'root/cimv2' -ClassName 'Win32_TSLicenseServer' -ErrorAction Stop |
        Select-Object -First 1
    $databasePath = [System.Environment]::ExpandEnvironmentVariables([string] $server.DatabasePath).TrimEnd('\')
}
catch {
    $databasePath = $null   # the role may be gone: that is when a restore is asked for
}

$reachable = $false
$reachableFault = $null
$freeBytes = $null
$copies = @()
$day = [datetime]::MinValue
if ($Destination) {
    try {
        $reachable = Test-Path -LiteralPath $Destination -PathType Container
    }
    catch {
        $reachableFault = ConvertTo-Fault -ErrorRecord $_   # a place that refuses to be looked at
    }
}
$folders = @()
if ($reachable) {
    try {
        $folders = @(Get-ChildItem -LiteralPath $Destination -Directory -Force -ErrorAction Stop)
    }
    catch {
        # It can be seen and not listed: what lies there is not known, which is not the same as nothing.
        $reachable = $false
        $reachableFault = ConvertTo-Fault -ErrorRecord $_
    }
}
if ($Destination -match '^[A-Za-z]:\\') {
    $drive = New-Object -TypeName 'System.IO.DriveInfo' -ArgumentList ($Destination.Substring(0, 1))
    if ($drive.IsReady) {
        $freeBytes = $drive.AvailableFreeSpace   # also where the folder is not there: a drive that is not is told from it
    }
}
if ($reachable) {
    $copies = @(
        foreach ($folder in $folders) {
            # A name that is dated on no day is no copy's.
            if ($folder.Name -cmatch '^[0-9]{8}T[0-9]{6}Z\z' -and
                [datetime]::TryParseExact($folder.Name, "yyyyMMdd'T'HHmmss'Z'", [cultureinfo]::InvariantCulture, 'None', [ref] $day)) {
                $root = $folder.FullName
                $manifestText = $null
                $files = @()
                $esentutlExitCode = $null
                $esentutlText = @()
                $fault = $null
                try {
                    if (Test-Path -LiteralPath "$root.json") {
                        $manifestText = [string] (Get-Content -LiteralPath "$root.json" -Raw -Encoding UTF8)
                    }
                    $found = @(Get-PlainFile -Path $root)
                    $files = @(
                        foreach ($file in $found) {
                            [pscustomobject]@{
                                Name   = $file.FullName.Substring($root.Length + 1)
                                Size   = $file.Length
                                Sha256 = (Get-FileHash -LiteralPath $file.FullName -Algorithm SHA256 -ErrorAction Stop).Hash
                            }
                        }
                    )
                    # Every database: what lies beside TLSLic.edb may sort before it. The first that is bad is what counts.
                    foreach ($database in $found | Where-Object -FilterScript { $_.Extension -eq '.edb' }) {
                        $esentutlText = @($esentutlText) + @(esentutl.exe /mh $database.FullName)
                        $databaseExitCode = $LASTEXITCODE
                        if ($databaseExitCode -ne 0) {
                            $esentutlText = @($esentutlText) + "esentutl: $databaseExitCode"
                        }
                        if (-not $esentutlExitCode) {
                            $esentutlExitCode = $databaseExitCode
                        }
                    }
                }
                catch {
                    $fault = ConvertTo-Fault -ErrorRecord $_
                }
                [pscustomobject]@{
                    Name             = $folder.Name
                    ManifestText     = $manifestText
                    Files            = @($files)
                    EsentutlExitCode = $esentutlExitCode
                    EsentutlText     = @($esentutlText | ForEach-Object -Process { [string] $_ })
                    Fault            = $fault
                }
            }
        }
    )
}

# What Windows Server Backup holds, where it is installed. The version is what a recovery asks for.
$versions = @()
$versionsFault = $null
if (Get-Command -Name 'Get-WBBackupSet' -ErrorAction SilentlyContinue) {
    try {
        $versions = @(
            foreach ($set in Get-WBBackupSet -ErrorAction Stop) {
                $backupAt = $null
                if ($set.BackupTime) {
                    $backupAt = $set.BackupTime.ToUniversalTime().ToString('o')
                }
                [pscustomobject]@{ VersionId = [string] $set.VersionId; BackupAt = $backupAt }
            }
        )
    }
    catch {
        $versionsFault = ConvertTo-Fault -ErrorRecord $_
    }
}

$result = [pscustomobject]@{
    CollectedAt   = [datetime]::UtcNow.ToString('o')
    ComputerName  = $env:COMPUTERNAME
    OsVersion     = $osVersion
    OsInstalledAt = $installedAt
    DatabasePath  = $databasePath
    Destination   = $Destination
    Reachable     = $reachable
    ReachFault    = $reachableFault
    FreeBytes     = $freeBytes
    Copies        = @($copies)
    Versions      = @($versions)
    VersionsFault = $versionsFault
}

#region runbook
if ($OutputPath) {
    ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
}
#endregion runbook
$result
