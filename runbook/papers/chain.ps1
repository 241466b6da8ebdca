& {
    # Inputs
    $Journal = '.\case-2024-07\data\journal.jsonl'

    Set-StrictMode -Version Latest
    $ErrorActionPreference = 'Stop'
    if (-not (Test-Path -LiteralPath $Journal -PathType Leaf)) {
        return 'RIEN N A ETE CONTROLE : CE FICHIER N EST PAS ICI / NOTHING WAS CHECKED: THERE IS NO SUCH FILE HERE'
    }
    # Latin-1: a character for each byte, none lost. FullName: .NET has a current folder of its own
    $bytewise = [System.Text.Encoding]::GetEncoding(28591)
    $text = $bytewise.GetString([System.IO.File]::ReadAllBytes((Get-Item -LiteralPath $Journal -Force).FullName))
    $sha256 = [System.Security.Cryptography.SHA256]::Create()
    $previous = '0' * 64
    $number = 0
    $breaks = 0
    $lines = $text.Split("`n")
    foreach ($line in $lines) {
        $number++
        if ($number -eq $lines.Length) {
            $number--
            if ($line.Length -gt 0) {
                $breaks++
                'COUPEE AVANT SA FIN / CUT OFF : ' + $lines.Length
            }
            break
        }
        $told = [regex]::Matches($line, '"prev":')
        $follows = $line.Contains('"prev":"' + $previous + '"') -and $told.Count -eq 1
        $numbered = [regex]::IsMatch($line, '[{,]"n":' + $number + '[,}]')
        if (-not ($follows -and $numbered -and [regex]::IsMatch($line, '\A\{[^\x00-\x1f]*\}\z'))) {
            $breaks++
            'RUPTURE / BREAK : ' + $number
        }
        $previous = [System.BitConverter]::ToString($sha256.ComputeHash($bytewise.GetBytes($line))).Replace('-', '').ToLowerInvariant()
    }
    if ($number -eq 0) {
        return 'RIEN N A ETE CONTROLE : AUCUNE LIGNE / NOTHING WAS CHECKED: NOT ONE LINE'
    }
    'Lignes / Lines : ' + $number + ' ; ruptures / breaks : ' + $breaks
    'Derniere / Last : ' + $previous
}
