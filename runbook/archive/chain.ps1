& {
    # Inputs
    $Journal = 'D:\archive\case-2024-01\data\journal.jsonl'

    Set-StrictMode -Version Latest
    $ErrorActionPreference = 'Stop'
    $utf8 = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
    $sha256 = [System.Security.Cryptography.SHA256]::Create()
    $previous = '0' * 64
    $number = 0
    $breaks = 0
    foreach ($line in [System.IO.File]::ReadAllText($Journal, $utf8).Split("`n")) {
        if ($line -ne '') {
            $number++
            if (-not $line.Contains('"prev":"' + $previous + '"')) {
                $breaks++
                'RUPTURE / BREAK : ' + $number
            }
            $bytes = $sha256.ComputeHash($utf8.GetBytes($line))
            $previous = [System.BitConverter]::ToString($bytes).Replace('-', '').ToLowerInvariant()
        }
    }
    'Lignes / Lines : ' + $number + ' ; ruptures / breaks : ' + $breaks
    'Derniere / Last : ' + $previous
}
