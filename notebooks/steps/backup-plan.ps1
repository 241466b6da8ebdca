#region runbook
param([string] $InputPath, [string] $OutputPath)
#endregion runbook
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# Where a backup would go and whether it would fit, before anything is stopped. Reads only.

# Inputs
$Destination = 'D:\Backups\RDS-Licensing'
$Target = 'E:'        # where wbadmin would put the system state; empty: no system state
$SecondCopy = ''      # a second place for the copy, for example a share; empty: none
#region runbook
if ($InputPath) {
    $given = Get-Content -LiteralPath $InputPath -Raw -Encoding UTF8 | ConvertFrom-Json
    $Destination = [string] $given.Destination
    $Target = [string] $given.Target
    $SecondCopy = [string] $given.SecondCopy
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
$server = Get-CimInstance -Namespace 'root/cimv2' -ClassName 'Win32_TSLicenseServer' -ErrorAction Stop |
    Select-Object -First 1
if (-not $server) {
    throw 'Win32_TSLicenseServer has no instance: the role service Remote Desktop Licensing is not there.'
}
$source = [System.Environment]::ExpandEnvironmentVariables([string] $server.DatabasePath).TrimEnd('\')
if (-not $source -or -not (Test-Path -LiteralPath $source -PathType Container)) {
    throw "DatabasePath: '$source' is not a folder. Run elevated: to anyone else it comes back empty."
}
$neededBytes = [long] 0
$databases = @()
foreach ($file in Get-PlainFile -Path $source) {
    $neededBytes += $file.Length
    if ($file.Extension -eq '.edb') {
        $databases += $file.Name
    }
}

$refused = $null
$freeBytes = $null
if ($Destination -match '^\\\\') {
    $refused = 'share'
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
    if (-not $refused -and $databases.Count -eq 0) {
        $refused = 'no database'
    }
    if (-not $refused -and $freeBytes -lt 2 * $neededBytes) {
        $refused = 'space'
    }
}

$featureState = $null
$featureFault = $null
try {
    foreach ($feature in Get-WindowsFeature -Name 'Windows-Server-Backup' -ErrorAction Stop) {
        $featureState = [string] $feature.InstallState
    }
}
catch {
    $featureFault = ConvertTo-Fault -ErrorRecord $_
}

# By default wbadmin takes no volume that holds system-state files: Windows' own, and that of the database.
$targetRefused = $null
$targetFreeBytes = $null
$targetPlace = $Target
if (-not $Target) {
    $targetRefused = 'none'
}
elseif ($Target -match '^\\\\') {
    if (-not (Test-Place -Path $Target)) {
        $targetRefused = 'missing'
    }
}
elseif ($Target -notmatch '^[A-Za-z]:\\?$') {
    $targetRefused = 'form'
}
else {
    $letter = $Target.Substring(0, 2)
    $targetPlace = "$letter\"
    if ($letter -eq $env:SystemDrive) {
        $targetRefused = 'system volume'
    }
    elseif ($letter -eq $source.Substring(0, 2)) {
        $targetRefused = 'database volume'
    }
    elseif (-not (Test-Place -Path $targetPlace)) {
        $targetRefused = 'missing'
    }
    else {
        $volume = New-Object -TypeName 'System.IO.DriveInfo' -ArgumentList ($letter.Substring(0, 1))
        if ($volume.DriveType -eq 'Network') {
            $targetRefused = 'form'   # a share goes by its name, not by a letter
        }
        else {
            $targetFreeBytes = $volume.AvailableFreeSpace
        }
    }
}

$secondCopyReachable = $null
if ($SecondCopy) {
    $secondCopyReachable = Test-Place -Path $SecondCopy
}

$result = [pscustomobject]@{
    Source              = $source
    Destination         = $Destination
    Refused             = $refused
    FreeBytes           = $freeBytes
    NeededBytes         = $neededBytes
    FeatureState        = $featureState
    FeatureFault        = $featureFault
    Target              = $Target
    TargetRefused       = $targetRefused
    TargetFreeBytes     = $targetFreeBytes
    SecondCopy          = $SecondCopy
    SecondCopyReachable = $secondCopyReachable
    DestinationFault    = if ($refused -eq 'drive missing') { $placeFaults[$Destination.Substring(0, 3)] } else { $null }
    TargetFault         = if ($Target) { $placeFaults[$targetPlace] } else { $null }
    SecondCopyFault     = if ($SecondCopy) { $placeFaults[$SecondCopy] } else { $null }
}

#region runbook
if ($OutputPath) {
    ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
}
#endregion runbook
$result
