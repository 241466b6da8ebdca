# Installs the runbook from this bundle on a machine without network. Windows PowerShell 5.1, no elevation needed.
#   .\install.ps1 [-Python C:\path\python.exe] [-Language fr|en]
# First every file against SHA256SUMS; then a Python of the right series; then setup\install.py, which does the rest.
[CmdletBinding()]
param(
    [string] $Python = '',
    [ValidateSet('', 'fr', 'en')]
    [string] $Language = ''
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$bundle = $PSScriptRoot
if (-not $Language) {
    $Language = 'fr'
    if ((Get-UICulture).Name -like 'en*') { $Language = 'en' }
}
$wordsPath = Join-Path -Path $bundle -ChildPath 'setup\words.json'
$allWords = Get-Content -LiteralPath $wordsPath -Raw -Encoding UTF8 | ConvertFrom-Json
$words = @{}
foreach ($word in $allWords.$Language.PSObject.Properties) {
    $words[$word.Name] = $word.Value
}
$aboutPath = Join-Path -Path $bundle -ChildPath 'setup\about.json'
$about = Get-Content -LiteralPath $aboutPath -Raw -Encoding UTF8 | ConvertFrom-Json

# 1. Every file that SHA256SUMS lists
$sumsPath = Join-Path -Path $bundle -ChildPath 'SHA256SUMS'
$damaged = @(
    foreach ($line in Get-Content -LiteralPath $sumsPath -Encoding UTF8) {
        $digest = $line.Substring(0, 64)
        $name = $line.Substring(66)
        $path = "$bundle\$name"
        if (-not (Test-Path -LiteralPath $path -PathType Leaf)) {
            $name
        }
        elseif ((Get-FileHash -LiteralPath $path -Algorithm SHA256).Hash -ne $digest) {
            $name
        }
    }
)
if ($damaged.Count -gt 0) {
    throw $words['damaged'].Replace('{files}', ($damaged -join "`n"))
}

# 2. A Python of the series that the wheels were made for: the one named, the launcher's, or where it is installed.
# Start-Process gives the exit code of whatever Python this turns out to be; it quotes nothing, so each path is quoted.
$start = @{ Wait = $true; NoNewWindow = $true; PassThru = $true }
$series = ''
if (-not $Python) {
    $launcher = Get-Command -Name 'py.exe' -CommandType Application -ErrorAction SilentlyContinue |
        Select-Object -First 1
    if ($launcher) {
        $tried = Start-Process -FilePath $launcher.Source -ArgumentList "-$($about.python) -c pass" @start
        if ($tried.ExitCode -eq 0) {
            $Python = $launcher.Source
            $series = "-$($about.python)"
        }
    }
}
if (-not $Python) {
    foreach ($root in @($env:ProgramFiles, "$env:LOCALAPPDATA\Programs\Python")) {
        $folder = 'Python' + $about.python.Replace('.', '')
        $candidate = "$root\$folder\python.exe"
        if (Test-Path -LiteralPath $candidate -PathType Leaf) { $Python = $candidate }
    }
}
if (-not $Python) {
    throw $words['no_python'].Replace('{wanted}', $about.python)
}

# 3. The rest, with that Python: it checks itself, makes the environment and installs without network
$arguments = "$series -I `"$bundle\setup\install.py`" --lang $Language"
$done = Start-Process -FilePath $Python -ArgumentList $arguments @start
if ($done.ExitCode -ne 0) {
    throw $words['failed'].Replace('{code}', "$($done.ExitCode)")
}
