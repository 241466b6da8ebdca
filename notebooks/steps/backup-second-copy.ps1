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
    $Source = $given.Source
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
$name = Split-Path -Path $Source -Leaf
$folder = Join-Path -Path $Destination -ChildPath $name
if (-not $LogPath) {
    $LogPath = "$Source.second-copy.log"
}
$robocopyExitCode = $null
$files = @()
$faulty = @()
$manifestCopied = $false
$fault = $null
$reachable = Test-Path -LiteralPath $Destination -PathType Container
if ($reachable) {
    try {
        $null = robocopy.exe $Source $folder /E /COPY:DAT /R:2 /W:5 /XJ /NP "/UNILOG:$LogPath"
        $robocopyExitCode = $LASTEXITCODE
        if ($robocopyExitCode -ge 8) {
            throw "robocopy: exit code $robocopyExitCode."
        }
        $files = @(
            foreach ($file in Get-ChildItem -LiteralPath $Source -Recurse -File -Force -ErrorAction Stop) {
                [pscustomobject]@{
                    Name   = $file.FullName.Substring($Source.Length + 1)
                    Size   = $file.Length
                    Sha256 = (Get-FileHash -LiteralPath $file.FullName -Algorithm SHA256 -ErrorAction Stop).Hash
                }
            }
        )
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
