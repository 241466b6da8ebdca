# Folder: where the bundle was unpacked. Names every file that SHA256SUMS lists and that is missing or was changed.
$folder = 'C:\RDS\rds-cal-runbook'
$faults = @(
    foreach ($line in Get-Content -LiteralPath "$folder\SHA256SUMS" -Encoding UTF8) {
        $name = $line.Substring(66)
        $path = "$folder\$name"
        if (-not (Test-Path -LiteralPath $path -PathType Leaf)) {
            "MANQUANT / MISSING  $path"
        }
        elseif ((Get-FileHash -LiteralPath $path -Algorithm SHA256).Hash -ne $line.Substring(0, 64)) {
            "MODIFIÉ / CHANGED  $path"
        }
    }
)
$faults
"$($faults.Count) anomalie(s) / fault(s)"
