& {
    # Inputs
    $Salt = 'SALT'
    $File = 'FILE'

    Set-StrictMode -Version Latest
    $ErrorActionPreference = 'Stop'
    $digits = $Salt -replace '[^0-9A-Fa-f]', ''
    if ($digits.Length -ne 64) {
        return 'SEL MAL RECOPIE, CHIFFRES AU LIEU DE 64 / SALT MISTYPED, DIGITS INSTEAD OF 64 : ' + $digits.Length
    }
    if (-not (Test-Path -LiteralPath $File -PathType Leaf)) {
        return 'CE FICHIER N EXISTE PAS / THERE IS NO SUCH FILE : ' + ($File -replace '\p{C}', '?')
    }
    $key = [byte[]] @(for ($i = 0; $i -lt 64; $i += 2) { [System.Convert]::ToByte($digits.Substring($i, 2), 16) })
    $hmac = New-Object -TypeName System.Security.Cryptography.HMACSHA256 -ArgumentList (, $key)
    # FullName: .NET has a current folder of its own, which is not the prompt's
    $mark = $hmac.ComputeHash([System.IO.File]::ReadAllBytes((Get-Item -LiteralPath $File -Force).FullName))
    [System.BitConverter]::ToString($mark).Replace('-', '').ToLowerInvariant()
}
