#region runbook
param([string] $InputPath, [string] $OutputPath)
#endregion runbook
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# Copies the license database out of a shadow copy, with the writer TermServLicensing taking part. The service is
# not stopped. The database may need its logs replayed before it opens: keep the whole folder together.

# Inputs
$Destination = 'D:\Backups\RDS-Licensing'
$LogPath = ''   # empty: beside the copy
#region runbook
if ($InputPath) {
    $given = Get-Content -LiteralPath $InputPath -Raw -Encoding UTF8 | ConvertFrom-Json
    $Destination = $given.Destination
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
$server = Get-CimInstance -Namespace 'root/cimv2' -ClassName 'Win32_TSLicenseServer' -ErrorAction Stop
$source = [System.Environment]::ExpandEnvironmentVariables([string] $server.DatabasePath).TrimEnd('\')
if (-not $source -or -not (Test-Path -LiteralPath $source -PathType Container)) {
    throw "DatabasePath: '$source' is not a folder. Run elevated: to anyone else it comes back empty."
}

$refused = $null
$freeBytes = $null
$neededBytes = [long] (Get-ChildItem -LiteralPath $source -Recurse -File -Force -ErrorAction Stop |
        Measure-Object -Property 'Length' -Sum).Sum
if ($Destination -match '^\\\\') {
    $refused = 'share'
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
    $target = New-Object -TypeName 'System.IO.DriveInfo' -ArgumentList ($Destination.Substring(0, 1))
    $freeBytes = $target.AvailableFreeSpace
    if (-not $refused -and $freeBytes -lt 2 * $neededBytes) {
        $refused = 'space'
    }
}

$used = @([System.IO.DriveInfo]::GetDrives() | ForEach-Object -Process { $_.Name.Substring(0, 1) })
$drive = $null
foreach ($letter in @('Z', 'Y', 'X', 'W', 'V', 'U', 'T')) {
    if (-not $drive -and $used -notcontains $letter) {
        $drive = "${letter}:"
    }
}
if (-not $refused -and -not $drive) {
    throw 'No free drive letter between T: and Z: to show the shadow copy under.'
}

$folder = $null
$fault = $null
$diskshadowExitCode = $null
$diskshadowText = @()
$exposed = $false
$deleted = $false
$robocopyExitCode = $null
$esentutlExitCode = $null
$esentutlText = @()
$files = @()
$manifest = $null
$manifestPath = $null

if (-not $refused) {
    $stamp = [datetime]::UtcNow.ToString("yyyyMMdd'T'HHmmss'Z'")
    $folder = Join-Path -Path $full -ChildPath $stamp
    if (-not $LogPath) {
        $LogPath = "$folder.robocopy.log"
    }
    # Windows' own Temp folder: its path is plain ASCII, whatever the account is called.
    $work = "$env:SystemRoot\Temp\rds-cal-vss-$stamp"
    $make = "$work\make.dsh"
    $drop = "$work\drop.dsh"
    $volume = $source.Substring(0, 2)
    try {
        $null = New-Item -Path $folder -ItemType Directory -Force -ErrorAction Stop
        $null = New-Item -Path $work -ItemType Directory -Force -ErrorAction Stop
        Set-Content -LiteralPath $make -Encoding Ascii -ErrorAction Stop -Value @(
            'set context persistent'
            "set metadata $work\runbook.cab"
            'set verbose on'
            'writer verify {5382579C-98DF-47A7-AC6C-98A6D7106E09}'
            'begin backup'
            "add volume $volume alias RdsCalRunbook"
            'create'
            "expose %RdsCalRunbook% $drive"
            'end backup'
            'exit'
        )
        Set-Content -LiteralPath $drop -Encoding Ascii -ErrorAction Stop -Value @("delete shadows exposed $drive", 'exit')

        $diskshadowText = diskshadow.exe /s $make
        $diskshadowExitCode = $LASTEXITCODE
        # What counts is whether the shadow copy can be seen; the tool's own codes are not documented.
        $exposed = Test-Path -LiteralPath "$drive\"
        if ($diskshadowExitCode -ne 0 -or -not $exposed) {
            throw "diskshadow: exit code $diskshadowExitCode."
        }
        $shadow = $drive + $source.Substring(2)
        $null = robocopy.exe $shadow $folder /E /COPY:DAT /R:2 /W:2 /XJ /NP "/UNILOG:$LogPath"
        $robocopyExitCode = $LASTEXITCODE
        if ($robocopyExitCode -ge 8) {
            throw "robocopy: exit code $robocopyExitCode."
        }
    }
    catch {
        $fault = ConvertTo-Fault -ErrorRecord $_
    }
    finally {
        if (Test-Path -LiteralPath "$drive\") {
            $null = diskshadow.exe /s $drop
            $dropExitCode = $LASTEXITCODE
            $deleted = ($dropExitCode -eq 0) -and -not (Test-Path -LiteralPath "$drive\")
        }
        Remove-Item -LiteralPath $work -Recurse -Force -ErrorAction SilentlyContinue
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
            $os = Get-CimInstance -ClassName 'Win32_OperatingSystem' -ErrorAction Stop
            $manifest = [pscustomobject]@{
                Format        = 1
                MadeAt        = [datetime]::UtcNow.ToString('o')
                Way           = 'vss'
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

$service = Get-Service -Name 'TermServLicensing' -ErrorAction Stop
$result = [pscustomobject]@{
    Source             = $source
    Destination        = $folder
    Refused            = $refused
    FreeBytes          = $freeBytes
    NeededBytes        = $neededBytes
    Drive              = $drive
    DiskshadowExitCode = $diskshadowExitCode
    DiskshadowText     = @($diskshadowText | ForEach-Object -Process { [string] $_ })
    Exposed            = $exposed
    Deleted            = $deleted
    RobocopyExitCode   = $robocopyExitCode
    EsentutlExitCode   = $esentutlExitCode
    EsentutlText       = @($esentutlText | ForEach-Object -Process { [string] $_ })
    Files              = @($files)
    ManifestPath       = $manifestPath
    Manifest           = $manifest
    ServiceState       = $service.Status.ToString()
    Fault              = $fault
}

#region runbook
if ($OutputPath) {
    ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
}
#endregion runbook
$result
