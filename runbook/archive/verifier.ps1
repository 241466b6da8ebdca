& {
    # Inputs
    $Bag = 'D:\archive\case-2024-01'
    $SealOnPaper = ''

    Set-StrictMode -Version Latest
    $ErrorActionPreference = 'Stop'
    $root = (Get-Item -LiteralPath $Bag).FullName.TrimEnd('\')
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
    foreach ($file in @(Get-ChildItem -LiteralPath $root -Recurse -File -Force)) {
        $relative = $file.FullName.Substring($root.Length + 1).Replace('\', '/')
        if ($relative -ne 'tagmanifest-sha256.txt' -and -not $listed.ContainsKey($relative)) {
            $faults += 'AJOUTE / ADDED : ' + $relative
        }
    }
    $tagManifest = Join-Path -Path $root -ChildPath 'tagmanifest-sha256.txt'
    $seal = (Get-FileHash -LiteralPath $tagManifest -Algorithm SHA256).Hash.ToLowerInvariant()
    if ($SealOnPaper -and ($SealOnPaper -replace '[^0-9A-Fa-f]', '') -ne $seal) {
        $faults += 'SCEAU DIFFERENT / SEAL DIFFERS : ' + $seal
    }
    [pscustomobject]@{
        Files  = $listed.Count
        Seal   = $seal
        Origin = if ($SealOnPaper) { 'compared' } else { 'not checked' }
        Faults = $faults.Count
    }
    $faults
}
