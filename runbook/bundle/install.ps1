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
    $Language = 'en'
    if ((Get-UICulture).Name -like 'fr*') { $Language = 'fr' }
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
    if (-not (Test-Path -LiteralPath $sumsPath -PathType Leaf)) {
        'SHA256SUMS'
    }
    else {
        $lines = @(Get-Content -LiteralPath $sumsPath -Encoding UTF8)
        if ($lines.Count -eq 0) { 'SHA256SUMS' }
        foreach ($line in $lines) {
            if ($line -notmatch '\A[0-9a-f]{64}  (.+)\z') {
                'SHA256SUMS'
                continue
            }
            $name = $Matches[1]
            try {
                $hash = (Get-FileHash -LiteralPath "$bundle\$name" -Algorithm SHA256 -ErrorAction Stop).Hash
                if ($hash -ne $line.Substring(0, 64)) { $name }
            }
            catch {
                $name
            }
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
# A program that is no Python may end well too: what it should have made must be there
$made = @("$bundle\.venv\Scripts\runbook.exe", "$bundle\.venv\bin\runbook" | Where-Object { Test-Path -LiteralPath $_ })
if ($done.ExitCode -ne 0 -or $made.Count -eq 0) {
    throw $words['failed'].Replace('{code}', "$($done.ExitCode)")
}
