& {
    # Inputs
    $Bag = 'D:\archive\case-2024-01'
    $SealOnPaper = ''

    Set-StrictMode -Version Latest
    $ErrorActionPreference = 'Stop'
    $root = (Get-Item -LiteralPath $Bag -Force).FullName.TrimEnd('\')
    $listed = @{}
    $faults = @()
    foreach ($name in @('manifest-sha256.txt', 'tagmanifest-sha256.txt')) {
        $manifest = Join-Path -Path $root -ChildPath $name
        foreach ($line in @(Get-Content -LiteralPath $manifest -Encoding UTF8)) {
            $expected = $line.Substring(0, 64)
            $relative = $line.Substring(66)
            $listed[$relative] = $expected
            $file = Join-Path -Path $root -ChildPath $relative.Replace('/', '\')
            if (-not (Test-Path -LiteralPath $file -PathType Leaf)) {
                $faults += 'MANQUANT / MISSING : ' + $relative
            } elseif ((Get-FileHash -LiteralPath $file -Algorithm SHA256).Hash -ne $expected) {
                $faults += 'CHANGE / CHANGED : ' + $relative
            }
        }
    }
    foreach ($entry in @(Get-ChildItem -LiteralPath $root -Recurse -Force)) {
        $relative = $entry.FullName.Substring($root.Length + 1).Replace('\', '/')
        if ([string] $entry.Attributes -match 'ReparsePoint') {
            $faults += 'LIEN / LINK : ' + $relative
        } elseif ($entry.PSIsContainer) {
            if (@(Get-ChildItem -LiteralPath $entry.FullName -Force).Count -eq 0) {
                $faults += 'DOSSIER VIDE AJOUTE / EMPTY FOLDER ADDED : ' + $relative
            }
        } else {
            if ($relative -ne 'tagmanifest-sha256.txt' -and -not $listed.ContainsKey($relative)) {
                $faults += 'AJOUTE / ADDED : ' + $relative
            }
            try {
                $streams = @(Get-Item -LiteralPath $entry.FullName -Force -Stream '*' | Select-Object -ExpandProperty Stream)
            } catch {
                $streams = @()  # a disk without alternate streams (FAT, exFAT) has none to hide
            }
            foreach ($stream in $streams) {
                # Zone.Identifier is what Windows itself adds to a file that was downloaded
                if ($stream -notin @(':$DATA', 'Zone.Identifier')) {
                    $faults += 'FLUX CACHE / HIDDEN STREAM : ' + $relative + ':' + $stream
                }
            }
        }
    }
    $tagManifest = Join-Path -Path $root -ChildPath 'tagmanifest-sha256.txt'
    $seal = (Get-FileHash -LiteralPath $tagManifest -Algorithm SHA256).Hash.ToLowerInvariant()
    $well = 'TOUT EST BIEN / ALL IS WELL'
    $origin = 'prouvee / proven'
    $paper = ($SealOnPaper -replace '[^0-9A-Fa-f]', '').ToLowerInvariant()
    if (-not $SealOnPaper.Trim()) {
        $well = 'COHERENTE, ORIGINE NON VERIFIEE / COHERENT, ORIGIN NOT CHECKED'
        $origin = 'non verifiee / not checked'
    } elseif ($paper.Length -ne 64) {
        $origin = 'non prouvee / not proven'
        $faults += 'SCEAU MAL RECOPIE, CHIFFRES AU LIEU DE 64 / SEAL MISTYPED, DIGITS INSTEAD OF 64 : ' + $paper.Length
    } elseif ($paper -ne $seal) {
        $origin = 'DIFFERENTE / DIFFERS'
        $faults += 'SCEAU DIFFERENT / SEAL DIFFERS : ' + $seal
    } elseif ($faults.Count -gt 0) {
        $origin = 'le sceau concorde, le contenu non / the seal matches, the content does not'
    }
    $result = 'ANOMALIES / FAULTS'
    if ($faults.Count -eq 0) {
        $result = $well
    }
    [pscustomobject]@{
        Result = $result
        Files  = $listed.Count
        Seal   = $seal
        Origin = $origin
        Faults = $faults.Count
        Folder = $root
    } | Format-List -Property Result, Files, Seal, Origin, Faults, Folder
    $faults
}
