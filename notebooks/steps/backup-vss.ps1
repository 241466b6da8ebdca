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
    $Destination = [string] $given.Destination
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
$server = Get-CimInstance -Namespace 'root/cimv2' -ClassName 'Win32_TSLicenseServer' -ErrorAction Stop |
    Select-Object -First 1
if (-not $server) {
    throw 'Win32_TSLicenseServer has no instance: the role service Remote Desktop Licensing is not there.'
}
$source = [System.Environment]::ExpandEnvironmentVariables([string] $server.DatabasePath).TrimEnd('\')
if (-not $source -or -not (Test-Path -LiteralPath $source -PathType Container)) {
    throw "DatabasePath: '$source' is not a folder. Run elevated: to anyone else it comes back empty."
}

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
    $target = New-Object -TypeName 'System.IO.DriveInfo' -ArgumentList ($Destination.Substring(0, 1))
    if (-not $refused -and $target.DriveType -eq 'Network') {
        $refused = 'share'   # under a letter as well
    }
    $freeBytes = $target.AvailableFreeSpace
    if (-not $refused -and $freeBytes -lt 2 * $neededBytes) {
        $refused = 'space'
    }
}

$fault = $null
if ($refused -eq 'drive missing') {
    $fault = $placeFaults[$Destination.Substring(0, 3)]   # nothing where it is simply not there
}
if (-not $refused -and $databases.Count -eq 0) {
    $refused = 'no database'
    $fault = [pscustomobject]@{
        FullyQualifiedErrorId = 'NoDatabase'
        Category              = 'ObjectNotFound'
        HResult               = '0x80131500'
        Message               = "$source holds no .edb file."
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
$rightsExitCode = $null
$shadowsLeft = @()
$shadowsEarlier = @()

if (-not $refused) {
    $stamp = [datetime]::UtcNow.ToString("yyyyMMdd'T'HHmmss'Z'", [cultureinfo]::InvariantCulture)
    $folder = Join-Path -Path $full -ChildPath $stamp
    if (-not $LogPath) {
        $LogPath = "$folder.robocopy.log"
    }
    # Windows' own Temp folder: its path is plain ASCII, whatever the account is called. A name that nobody can know
    # before, and never a folder that is there already: diskshadow would do what somebody else wrote into it.
    $work = "$env:SystemRoot\Temp\rds-cal-vss-$([guid]::NewGuid().ToString('N'))"
    $make = "$work\make.txt"
    $drop = "$work\drop.txt"
    $shadowsBefore = @()
    $shadowsKnown = $false
    try {
        foreach ($shadow in Get-CimInstance -ClassName 'Win32_ShadowCopy' -ErrorAction Stop) {
            $shadowsBefore += [string] $shadow.ID
            # Shown under a letter that only this script takes: an earlier run was cut before it could delete it.
            if ($shadow.PSObject.Properties['ExposedName'] -and $shadow.ExposedName -match '^[T-Z]:') {
                $shadowsEarlier += '{0} {1}' -f $shadow.ExposedName.Substring(0, 2), $shadow.ID
            }
        }
        $shadowsKnown = $true
    }
    catch {
        $shadowsKnown = $false   # then only the drive letter tells whether one was left
    }
    $volume = $source.Substring(0, 2)
    try {
        $null = New-Item -Path $folder -ItemType Directory -ErrorAction Stop   # a new one: never into another copy
        # By a link on the way it may lie in the database all the same, whatever its path says: then it is seen there.
        if (Test-FolderBelow -Path $source -Name (Split-Path -Path $folder -Leaf)) {
            $refused = 'inside database'
            Remove-Item -LiteralPath $folder -ErrorAction Stop   # it holds nothing yet
            $folder = $null
            throw "$Destination lies in $source, by a link."
        }
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
        $null = New-Item -Path $work -ItemType Directory -ErrorAction Stop
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
        # What has to lie there afterwards: robocopy's own exit code is not the only thing believed.
        $sizes = @{}
        foreach ($file in Get-PlainFile -Path $shadow) {
            $sizes[$file.FullName.Substring($shadow.Length + 1)] = $file.Length
        }
        $null = robocopy.exe $shadow $folder /E /COPY:DAT /R:2 /W:2 /XJ /NP "/UNILOG:$LogPath"
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
    }
    catch {
        $fault = ConvertTo-Fault -ErrorRecord $_
    }
    finally {
        # Each by itself: a shadow copy that stays takes room for ever, and pushes out others.
        try {
            if (Test-Path -LiteralPath "$drive\") {
                $null = diskshadow.exe /s $drop
                $dropExitCode = $LASTEXITCODE
                $deleted = ($dropExitCode -eq 0) -and -not (Test-Path -LiteralPath "$drive\")
            }
        }
        catch {
            if (-not $fault) {
                $fault = ConvertTo-Fault -ErrorRecord $_
            }
        }
        try {
            if ($shadowsKnown) {
                # One that was made and never shown has no letter: it goes by its id. The tool names what it made; another
                # program may have made one meanwhile, which is not ours to delete.
                $said = @($diskshadowText) -join ' '
                $shadowsLeft = @(Get-CimInstance -ClassName 'Win32_ShadowCopy' -ErrorAction Stop |
                        ForEach-Object -Process { [string] $_.ID } | Where-Object -FilterScript { $shadowsBefore -notcontains $_ })
                if ($said -match '\{[0-9A-Fa-f-]{36}\}') {
                    $shadowsLeft = @($shadowsLeft | Where-Object -FilterScript { $said -like "*$_*" })
                }
                if ($shadowsLeft.Count -gt 0) {
                    Set-Content -LiteralPath $drop -Encoding Ascii -ErrorAction Stop -Value (
                        @($shadowsLeft | ForEach-Object -Process { "delete shadows id $_" }) + 'exit')
                    $null = diskshadow.exe /s $drop
                    $dropExitCode = $LASTEXITCODE
                    $there = @(Get-CimInstance -ClassName 'Win32_ShadowCopy' -ErrorAction Stop | ForEach-Object -Process { [string] $_.ID })
                    $shadowsLeft = @($shadowsLeft | Where-Object -FilterScript { $there -contains $_ })
                    $deleted = ($dropExitCode -eq 0) -and ($shadowsLeft.Count -eq 0)
                }
            }
        }
        catch {
            if (-not $fault) {
                $fault = ConvertTo-Fault -ErrorRecord $_
            }
        }
        try {
            if (Test-Path -LiteralPath $work) {
                Remove-Item -LiteralPath $work -Recurse -Force -ErrorAction Stop
            }
        }
        catch {
            Write-Warning "${work}: $($_.Exception.Message)"   # two small files stay; the copy is told all the same
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
                Way           = 'vss'
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

# It was not touched: a copy that is made is not lost because the service cannot be asked.
$serviceState = $null
try {
    $service = Get-Service -Name 'TermServLicensing' -ErrorAction Stop
    $serviceState = $service.Status.ToString()
}
catch {
    $serviceState = 'Unknown'
}
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
    ServiceState       = $serviceState
    RightsExitCode     = $rightsExitCode
    ShadowsLeft        = @($shadowsLeft)
    ShadowsEarlier     = @($shadowsEarlier)
    Fault              = $fault
}

#region runbook
if ($OutputPath) {
    ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
}
#endregion runbook
$result
