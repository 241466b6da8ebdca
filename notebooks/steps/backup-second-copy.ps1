#region runbook
param([string] $InputPath, [string] $OutputPath)
#endregion runbook
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# Carries a finished copy to a second place, for example a share, and hashes it there. The service runs all the
# time: if the share drops out, only this copy is lost. The manifest goes last.

# Inputs
$Source = 'D:\Backups\RDS-Licensing\20250306T103500Z'
$Destination = '\\FILES01\Backups\RDS-Licensing'
$LogPath = ''   # empty: beside the first copy
#region runbook
if ($InputPath) {
    $given = Get-Content -LiteralPath $InputPath -Raw -Encoding UTF8 | ConvertFrom-Json
    $Source = [string] $given.Source
    $Destination = [string] $given.Destination
    if (-not $Source) {
        throw 'Source: the folder of the first copy is expected.'
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
$Source = $Source.TrimEnd('\')
$name = Split-Path -Path $Source -Leaf
$folder = "$($Destination.TrimEnd('\'))\$name"   # not by Join-Path: that ends where the drive is not there
if (-not $LogPath) {
    $LogPath = "$Source.second-copy.log"
}
$robocopyExitCode = $null
$files = @()
$faulty = @()
$manifestCopied = $false
$fault = $null
$kind = ''   # of a fault that this script itself finds
$reachable = $false
try {
    $reachable = Test-Path -LiteralPath $Destination -PathType Container
}
catch {
    $fault = ConvertTo-Fault -ErrorRecord $_   # a share that refuses to be looked at
}
if ($reachable) {
    try {
        $misplaced = ''
        # Into itself it would be changed, and no longer be what its manifest tells of.
        $into = [System.IO.Path]::GetFullPath($folder)
        $from = [System.IO.Path]::GetFullPath($Source)
        if ("$into\".StartsWith("$from\", [System.StringComparison]::OrdinalIgnoreCase)) {
            $misplaced = "The second place $Destination lies in the first copy."
        }
        # By a share or a link it may be the first copies' own place under another name: what is put here is seen there.
        $here = Split-Path -Path $Source -Parent
        $mark = "rds-cal-$([guid]::NewGuid().ToString('N')).tmp"
        $same = $false
        try {
            $null = New-Item -Path "$here\$mark" -ItemType File -ErrorAction Stop
            $same = Test-Path -LiteralPath "$($Destination.TrimEnd('\'))\$mark"
        }
        catch {
            $same = $false   # not known: nothing can be put here
        }
        try {
            if (Test-Path -LiteralPath "$here\$mark") {
                Remove-Item -LiteralPath "$here\$mark" -Force -ErrorAction Stop
            }
        }
        catch {
            Write-Warning "${mark}: $($_.Exception.Message)"   # an empty file stays; the copy is told all the same
        }
        if ($same -and -not $misplaced) {
            $misplaced = "The second place $Destination is the first one, ${here}: there would be one copy only."
        }
        # Two servers may share the place, and have copied in the same second: what is the other's is left as it is.
        if (Test-Path -LiteralPath "$folder.json" -PathType Leaf) {
            $owners = @(
                foreach ($path in "$Source.json", "$folder.json") {
                    $computerName = ''   # cut off, or without a name: nobody's
                    $held = $null
                    try {
                        $held = Get-Content -LiteralPath $path -Raw -Encoding UTF8 -ErrorAction Stop | ConvertFrom-Json
                        if ($held -and $held.PSObject.Properties['ComputerName']) {
                            $computerName = [string] $held.ComputerName
                        }
                    }
                    catch {
                        $computerName = ''
                    }
                    $computerName
                }
            )
            if ($owners[0] -and $owners[1] -and $owners[0] -ne $owners[1]) {
                $misplaced = "$folder is a copy of another server, $($owners[1])."
            }
        }
        if ($misplaced) {
            $kind = 'NoSecondPlace'
            throw $misplaced
        }
        $null = robocopy.exe $Source $folder /E /COPY:DAT /R:2 /W:5 /XJ /NP "/UNILOG:$LogPath"
        $robocopyExitCode = $LASTEXITCODE
        if ($robocopyExitCode -lt 0 -or $robocopyExitCode -ge 8) {
            throw "robocopy: exit code $robocopyExitCode."   # below 0: it crashed
        }
        $files = @(
            foreach ($file in Get-PlainFile -Path $Source) {
                [pscustomobject]@{
                    Name   = $file.FullName.Substring($Source.Length + 1)
                    Size   = $file.Length
                    Sha256 = (Get-FileHash -LiteralPath $file.FullName -Algorithm SHA256 -ErrorAction Stop).Hash
                }
            }
        )
        if ($files.Count -eq 0) {
            throw 'The first copy holds no file: there is nothing to carry.'
        }
        # A first copy whose manifest cannot be read, or tells of other files where it tells, is none to carry.
        $written = Get-Content -LiteralPath "$Source.json" -Raw -Encoding UTF8 -ErrorAction Stop
        $manifest = $null
        try {
            $manifest = $written | ConvertFrom-Json
        }
        catch {
            $manifest = $null
        }
        $wrong = ''
        if (-not $manifest) {
            $wrong = 'The manifest of the first copy cannot be read.'
        }
        elseif ($manifest.PSObject.Properties['Files']) {
            $told = @($manifest.Files | Where-Object -FilterScript { $_ } | ForEach-Object -Process { '{0} {1}' -f $_.Name, $_.Sha256 })
            $seen = @($files | ForEach-Object -Process { '{0} {1}' -f $_.Name, $_.Sha256 })
            $changed = @($told | Where-Object -FilterScript { $seen -notcontains $_ }) + @($seen | Where-Object -FilterScript { $told -notcontains $_ })
            if (@($changed).Count -gt 0) {
                $names = @($changed | ForEach-Object -Process { $_ -replace ' [^ ]*\z', '' } | Select-Object -Unique) -join ', '
                $wrong = "The first copy is no longer what its manifest tells of: $names."
            }
        }
        if ($wrong) {
            $kind = 'FirstCopyNotGood'
            throw $wrong
        }
        $faulty = @(
            foreach ($file in $files) {
                $there = Join-Path -Path $folder -ChildPath $file.Name
                if (-not (Test-Path -LiteralPath $there)) {
                    $file.Name
                }
                elseif ((Get-FileHash -LiteralPath $there -Algorithm SHA256 -ErrorAction Stop).Hash -ne $file.Sha256) {
                    $file.Name
                }
            }
        )
        if (-not $faulty) {
            Copy-Item -LiteralPath "$Source.json" -Destination "$folder.json" -ErrorAction Stop
            $manifestCopied = Test-Path -LiteralPath "$folder.json"
        }
    }
    catch {
        $fault = ConvertTo-Fault -ErrorRecord $_
        if ($kind) {
            $fault.FullyQualifiedErrorId = $kind
        }
    }
}

$result = [pscustomobject]@{
    Source           = $Source
    Destination      = $folder
    Reachable        = $reachable
    RobocopyExitCode = $robocopyExitCode
    Files            = @($files)
    Faulty           = @($faulty)
    ManifestCopied   = $manifestCopied
    Fault            = $fault
}

#region runbook
if ($OutputPath) {
    ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
}
#endregion runbook
$result
