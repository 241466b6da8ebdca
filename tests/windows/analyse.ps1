# Every PowerShell script of the project through the parser of the PowerShell that runs this (5.1 on a Windows runner),
# and through PSScriptAnalyzer where it is installed (every runner of GitHub brings it). Exit 1 with what was found.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$root = (Resolve-Path -LiteralPath (Join-Path -Path $PSScriptRoot -ChildPath '..\..')).ProviderPath
$found = 0
$analyser = Get-Module -ListAvailable -Name PSScriptAnalyzer
if (-not $analyser) {
    if ([System.Environment]::GetEnvironmentVariable('CI')) { throw "PSScriptAnalyzer is not installed on this runner" }
    Write-Output -InputObject "PSScriptAnalyzer is not installed: parsed only"
}
foreach ($folder in 'notebooks', 'runbook') {
    foreach ($file in Get-ChildItem -LiteralPath (Join-Path -Path $root -ChildPath $folder) -Recurse -Filter '*.ps1') {
        # Read as UTF-8: without a mark 5.1 would take the file for ANSI, and the product writes the mark when it runs it.
        $text = [System.IO.File]::ReadAllText($file.FullName)
        $tokens = $null
        $faults = $null
        $null = [System.Management.Automation.Language.Parser]::ParseInput($text, [ref] $tokens, [ref] $faults)
        foreach ($fault in $faults) {
            $found++
            Write-Output -InputObject "$($file.FullName):$($fault.Extent.StartLineNumber): $($fault.Message)"
        }
        if ($analyser) {
            foreach ($warning in Invoke-ScriptAnalyzer -ScriptDefinition $text -Severity Error, Warning) {
                $found++
                Write-Output -InputObject "$($file.FullName):$($warning.Line): $($warning.RuleName): $($warning.Message)"
            }
        }
    }
}
if ($found -gt 0) { exit 1 }
