& {
    # Inputs
    $Bag = '.\case-2024-07'
    $SealOnPaper = ''

    Set-StrictMode -Version Latest
    $ErrorActionPreference = 'Stop'
    if (-not (Test-Path -LiteralPath $Bag -PathType Container)) {
        return 'RIEN N A ETE CONTROLE : CE DOSSIER N EST PAS ICI / NOTHING WAS CHECKED: THERE IS NO SUCH FOLDER HERE'
    }
    # D:\ keeps its end: D: alone is whatever folder of that disk was the current one
    $root = (Get-Item -LiteralPath $Bag -Force).FullName.TrimEnd('\', '/') + [System.IO.Path]::DirectorySeparatorChar
    # Names are compared byte for byte: 5.1's own tables pass over capitals and invisible characters
    $ordinal = [System.StringComparer]::Ordinal
    $present = New-Object -TypeName 'System.Collections.Generic.Dictionary[string,string]' -ArgumentList $ordinal
    $listed = New-Object -TypeName 'System.Collections.Generic.Dictionary[string,string]' -ArgumentList $ordinal
    $faults = New-Object -TypeName 'System.Collections.Generic.List[string]'
    $folders = New-Object -TypeName 'System.Collections.Generic.List[string]'
    $manifest = 'manifest-sha256.txt'
    $tagManifest = 'tagmanifest-sha256.txt'

    # 1. What lies there, folder by folder, never through a link
    $streamed = $true
    try {
        [void] (Get-Item -LiteralPath ($root + $tagManifest) -Force -Stream '*')
    } catch {
        $streamed = $false  # a disk without alternate streams (FAT, exFAT) has none to hide
    }
    $folders.Add('')
    for ($at = 0; $at -lt $folders.Count; $at++) {
        $folder = $folders[$at]
        $entries = @()
        try {
            $entries = @(Get-ChildItem -LiteralPath ($root + $folder) -Force -ErrorAction Stop)
            if ($entries.Count -eq 0) {
                $faults.Add('DOSSIER VIDE AJOUTE / EMPTY FOLDER ADDED : ' + $folder)
            }
        } catch {
            $faults.Add('ILLISIBLE / CANNOT BE READ : ' + $folder)
        }
        foreach ($entry in $entries) {
            $relative = $folder + $entry.Name
            $stat = $entry.PSObject.Properties['UnixStat']  # PowerShell 7 on Linux: a pipe is no file
            $odd = $stat -and $stat.Value -and [string] $stat.Value.ItemType -notmatch '^(File|Directory)$'
            if ($odd -or ([string] $entry.Attributes -match 'ReparsePoint' -and $entry.LinkType)) {
                $faults.Add('LIEN / LINK : ' + $relative)
            } elseif ($entry.PSIsContainer) {
                $folders.Add($relative + '/')
            } else {
                $present[$relative] = $entry.FullName
            }
            $streams = @()
            try {
                if ($streamed) {
                    $streams = @(Get-Item -LiteralPath $entry.FullName -Force -Stream '*' | Select-Object -ExpandProperty Stream)
                }
            } catch {
                $streams = @()  # 5.1 has none to tell of a folder
            }
            foreach ($stream in $streams) {
                # Zone.Identifier is what Windows itself adds to a file that was downloaded
                if (-not $ordinal.Equals($stream, ':$DATA') -and -not $ordinal.Equals($stream, 'Zone.Identifier')) {
                    $faults.Add('FLUX CACHE / HIDDEN STREAM : ' + $relative + ':' + $stream)
                }
            }
        }
    }

    # 2. The two lists: every line a digest and a name inside the archive, in order, each name once
    foreach ($list in @($manifest, $tagManifest)) {
        if (-not $present.ContainsKey($list)) {
            $faults.Add('MANQUANT / MISSING : ' + $list)
            continue
        }
        $text = ''
        try {
            # Latin-1: a character for each byte, none lost
            $text = [System.Text.Encoding]::GetEncoding(28591).GetString([System.IO.File]::ReadAllBytes($present[$list]))
        } catch {
            $faults.Add('ILLISIBLE / CANNOT BE READ : ' + $list)
        }
        $whole = $text.EndsWith("`n", [System.StringComparison]::Ordinal)
        $previous = ''
        foreach ($line in $text.Split("`n")) {
            $parts = [regex]::Match($line, '\A([0-9a-f]{64})  ((?:[A-Za-z0-9._-]+/)*[A-Za-z0-9._-]+)\z')
            $name = $parts.Groups[2].Value
            $inside = $name.StartsWith('data/', [System.StringComparison]::Ordinal) -eq ($list -eq $manifest)
            if ($parts.Success -and $inside -and -not [regex]::IsMatch($name, '(\A|/)\.\.?(/|\z)')) {
                $whole = $whole -and $ordinal.Compare($previous, $name) -lt 0
                $previous = $name
                $listed[$name] = $parts.Groups[1].Value
            } elseif ($line.Length -gt 0) {
                $whole = $false
            }
        }
        if (-not $whole -or [regex]::IsMatch($text, '\A\n|\n\n')) {
            $faults.Add('LISTE ABIMEE / LIST DAMAGED : ' + $list)
        }
    }
    foreach ($name in @('VERIFIER.txt', 'bag-info.txt', 'bagit.txt', $manifest)) {
        if (-not $listed.ContainsKey($name)) {
            $faults.Add('ABSENT DE LA LISTE / NOT IN THE LIST : ' + $name)
        }
    }

    # 3. Each against the other
    foreach ($name in $listed.Keys) {
        if (-not $present.ContainsKey($name)) {
            $faults.Add('MANQUANT / MISSING : ' + $name)
            continue
        }
        try {
            $hash = (Get-FileHash -LiteralPath $present[$name] -Algorithm SHA256 -ErrorAction Stop).Hash.ToLowerInvariant()
            if (-not $ordinal.Equals($hash, $listed[$name])) {
                $faults.Add('CHANGE / CHANGED : ' + $name)
            }
        } catch {
            $faults.Add('ILLISIBLE / CANNOT BE READ : ' + $name)
        }
    }
    foreach ($name in $present.Keys) {
        if (-not $listed.ContainsKey($name) -and -not $ordinal.Equals($name, $tagManifest)) {
            $faults.Add('AJOUTE / ADDED : ' + $name)
        }
    }

    # 4. The seal, and the answer; of a name only plain characters reach the screen
    $seal = ''
    try {
        $seal = (Get-FileHash -LiteralPath $present[$tagManifest] -Algorithm SHA256 -ErrorAction Stop).Hash.ToLowerInvariant()
    } catch {
        $seal = '-'  # named above: missing, a link, or not to be read
    }
    $wrong = $faults.Count  # of the files; a seal that was typed wrongly is no fault of theirs
    $altered = $wrong -gt 0
    $result = 'INTACTE, ORIGINE PROUVEE / INTACT, ORIGIN PROVEN'
    $origin = 'prouvee / proven'
    $compared = 'fichiers avec listes, listes avec le sceau saisi / files with lists, lists with the seal typed'
    $paper = ($SealOnPaper -replace '[^0-9A-Fa-f]', '').ToLowerInvariant()
    $slips = New-Object -TypeName 'System.Collections.Generic.List[string]'
    for ($at = 0; $at -lt [Math]::Max($paper.Length, $seal.Length); $at += 4) {
        $typed = $paper.Substring([Math]::Min($at, $paper.Length), [Math]::Min(4, [Math]::Max($paper.Length - $at, 0)))
        $computed = $seal.Substring([Math]::Min($at, $seal.Length), [Math]::Min(4, [Math]::Max($seal.Length - $at, 0)))
        if (-not $ordinal.Equals($typed, $computed)) {
            $pair = @($typed, $computed) -replace '^$', '-'
            $slips.Add('GROUPE / GROUP ' + ($at / 4 + 1) + ' : saisi / typed ' + $pair[0] + ', calcule / computed ' + $pair[1])
        }
    }
    if (-not $SealOnPaper.Trim()) {
        $result = 'COHERENTE, ORIGINE NON VERIFIEE / CONSISTENT, ORIGIN NOT CHECKED'
        $origin = 'non verifiee / not checked'
        $compared = 'fichiers avec listes, listes avec rien : qui les refait toutes obtient cette reponse / ' +
            'files with lists, lists with nothing: whoever makes them all anew gets this answer'
    } elseif ($slips.Count -gt 0) {
        $result = 'SCEAU DIFFERENT / SEAL DIFFERS'
        $origin = 'non prouvee / not proven'
        if ($paper.Length -ne 64 -or $slips.Count -le 8) {
            $result = 'SCEAU MAL RECOPIE / SEAL MISTYPED'
            if ($paper.Length -ne 64) {
                $faults.Add($result + ', ' + $paper.Length + ' CHIFFRES SUR / DIGITS OF 64')
            }
            foreach ($slip in $slips) {
                $faults.Add($slip)
                if ($paper.Length -ne 64) {
                    break  # a digit too few or too many shifts every group after it
                }
            }
        } else {
            $faults.Add($result)
        }
    } elseif ($altered) {
        $origin = 'le sceau concorde, le contenu non / the seal matches, the content does not'
    }
    if ($altered) {
        $result = 'ALTEREE / TAMPERED WITH'
    }
    $inData = @($listed.Keys -cmatch '\Adata/').Count
    $beside = $listed.Count - $inData
    if ($seal -ne '-') {
        $beside++  # no list names the last one
    }
    [pscustomobject]@{
        Result   = $result
        Files    = [string] $inData + ' dans / in data, ' + $beside + ' a cote / beside'
        Seal     = $seal
        Origin   = $origin
        Compared = $compared
        Faults   = $wrong
        Folder   = $root -replace '\p{C}', '?'
    } | Format-List -Property Result, Files, Seal, Origin, Compared, Faults, Folder
    foreach ($fault in $faults) {
        $fault -replace '[^ -~]', '?'
    }
}
