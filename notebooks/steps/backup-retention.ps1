#region runbook
param([string] $InputPath, [string] $OutputPath)
#endregion runbook
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# DELETES old copies: only folders with a dated name, only those named here, and nothing at all unless the newest
# good copy lies there, database and manifest. What it removes cannot be brought back.

# Inputs
$Destination = 'D:\Backups\RDS-Licensing'
$Newest = ''     # the newest good copy, for example 20250306T103500Z: never deleted
$Names = @()     # the copies to delete
#region runbook
if ($InputPath) {
    $given = Get-Content -LiteralPath $InputPath -Raw -Encoding UTF8 | ConvertFrom-Json
    $Destination = [string] $given.Destination
    if (-not $Destination) {
        throw 'Destination: the folder of the copies is expected.'
    }
    $Newest = [string] $given.Newest
    $Names = @($given.Names | Where-Object -FilterScript { $_ })
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
$form = '^[0-9]{8}T[0-9]{6}Z\z'
$root = $Destination.TrimEnd('\')   # not by Join-Path: that ends where the drive is not there
$newestPresent = $false
$newestFault = $null
if ($Newest -match $form) {
    $kept = "$root\$Newest"
    try {
        if ((Test-Path -LiteralPath "$kept.json") -and (Test-Path -LiteralPath $kept -PathType Container)) {
            # One that was half written is none: the disk was full, and the copy is no good one.
            $written = Get-Content -LiteralPath "$kept.json" -Raw -Encoding UTF8 -ErrorAction Stop
            $readable = $false
            try {
                $readable = [bool] ($written | ConvertFrom-Json)
            }
            catch {
                $readable = $false
            }
            $databases = @(
                Get-ChildItem -LiteralPath $kept -Recurse -File -Force -ErrorAction Stop |
                    Where-Object -FilterScript { $_.Extension -eq '.edb' -and $_.Length -gt 0 }
            )
            $newestPresent = $readable -and $databases.Count -gt 0
        }
    }
    catch {
        $newestFault = ConvertTo-Fault -ErrorRecord $_   # a place that refuses: then nothing is deleted, and it is said why
    }
}

$removed = @(
    foreach ($name in $Names) {
        $refused = $null
        $gone = $false
        $fault = $null
        $folder = "$root\$name"
        if ($name -notmatch $form) {
            $refused = 'name'
        }
        elseif (-not $newestPresent -or $name -ge $Newest) {
            $refused = 'newest'   # dated names sort as their dates do
        }
        else {
            # What was deleted before is told, whatever becomes of this one.
            try {
                if (-not (Test-Path -LiteralPath $folder -PathType Container)) {
                    $refused = 'absent'
                }
                else {
                    # The manifest first: a copy that is half gone is no longer taken for a good one.
                    if (Test-Path -LiteralPath "$folder.json") {
                        Remove-Item -LiteralPath "$folder.json" -Force -ErrorAction Stop
                    }
                    Remove-Item -LiteralPath $folder -Recurse -Force -ErrorAction Stop
                    $gone = -not (Test-Path -LiteralPath $folder)   # before the logs: one that stays does not bring the copy back
                    foreach ($log in @("$folder.robocopy.log", "$folder.second-copy.log")) {
                        try {
                            if (Test-Path -LiteralPath $log) {
                                Remove-Item -LiteralPath $log -Force -ErrorAction Stop
                            }
                        }
                        catch {
                            $fault = ConvertTo-Fault -ErrorRecord $_
                        }
                    }
                }
            }
            catch {
                $fault = ConvertTo-Fault -ErrorRecord $_
            }
        }
        [pscustomobject]@{ Name = $name; Refused = $refused; Removed = $gone; Fault = $fault }
    }
)

$result = [pscustomobject]@{
    Destination   = $Destination
    Newest        = $Newest
    NewestPresent = $newestPresent
    NewestFault   = $newestFault
    Removed       = @($removed)
}

#region runbook
if ($OutputPath) {
    ConvertTo-Json -InputObject @($result) -Depth 6 | Out-File -LiteralPath $OutputPath -Encoding utf8
}
#endregion runbook
$result
