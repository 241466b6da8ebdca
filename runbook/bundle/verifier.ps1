# Le dossier où l’archive a été décompressée / The folder where the bundle was unpacked
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
"ANOMALIES / FAULTS  $($faults.Count)"
