& {
    # Inputs
    $Salt = 'SALT'
    $File = 'FILE'

    Set-StrictMode -Version Latest
    $ErrorActionPreference = 'Stop'
    $key = [byte[]] @(for ($i = 0; $i -lt $Salt.Length; $i += 2) { [System.Convert]::ToByte($Salt.Substring($i, 2), 16) })
    $hmac = New-Object -TypeName System.Security.Cryptography.HMACSHA256 -ArgumentList (, $key)
    $mark = $hmac.ComputeHash([System.IO.File]::ReadAllBytes($File))
    [System.BitConverter]::ToString($mark).Replace('-', '').ToLowerInvariant()
}
