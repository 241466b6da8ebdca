& {
    # Le dossier où l’archive a été décompressée / The folder where the bundle was unpacked
    $Folder = '.\rds-cal-runbook'

    Set-StrictMode -Version Latest
    $ErrorActionPreference = 'Stop'
    $sums = "$Folder\SHA256SUMS"
    if (-not (Test-Path -LiteralPath $sums -PathType Leaf)) {
        return "RIEN N’A ÉTÉ CONTRÔLÉ : SHA256SUMS N’EST PAS LÀ / NOTHING WAS CHECKED: SHA256SUMS IS NOT THERE  $Folder"
    }
    $files = 0
    $faults = 0
    foreach ($line in @(Get-Content -LiteralPath $sums -Encoding UTF8)) {
        if ($line -notmatch '\A[0-9a-f]{64}  (.+)\z') {
            $faults++
            'LISTE ABÎMÉE / LIST DAMAGED  ' + ($line -replace '\p{C}', '?')
            continue
        }
        $files++
        $path = "$Folder\" + $Matches[1]
        $said = ''
        if (-not (Test-Path -LiteralPath $path -PathType Leaf)) {
            $said = 'MANQUANT / MISSING  '
        } else {
            try {
                if ((Get-FileHash -LiteralPath $path -Algorithm SHA256 -ErrorAction Stop).Hash -ne $line.Substring(0, 64)) {
                    $said = 'MODIFIÉ / CHANGED  '
                }
            } catch {
                $said = 'ILLISIBLE / CANNOT BE READ  '
            }
        }
        if ($said) {
            $faults++
            $said + ($path -replace '\p{C}', '?')
        }
    }
    if ($files -eq 0) {
        return "RIEN N’A ÉTÉ CONTRÔLÉ : SHA256SUMS NE NOMME AUCUN FICHIER / NOTHING WAS CHECKED: SHA256SUMS NAMES NO FILE"
    }
    "FICHIERS / FILES  $files ; ANOMALIES / FAULTS  $faults"
}
