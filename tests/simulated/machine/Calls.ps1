using namespace System.Management.Automation.Language
# For test_machine.py: of each script in a folder its syntax errors, and each command it calls with the parameters it
# names, as JSON.
param([string] $Folder)
$found = @{}
foreach ($file in Get-ChildItem -LiteralPath $Folder -Filter *.ps1) {
    $errors = $null
    $ast = [Parser]::ParseFile($file.FullName, [ref] $null, [ref] $errors)
    $own = @($ast.FindAll({ $args[0] -is [FunctionDefinitionAst] }, $true) | ForEach-Object { $_.Name })
    $calls = @(
        foreach ($call in $ast.FindAll({ $args[0] -is [CommandAst] }, $true)) {
            $name = $call.GetCommandName()
            if ($name -and $own -notcontains $name) {
                $words = @($call.CommandElements | Where-Object { $_ -is [CommandParameterAst] } | ForEach-Object { $_.ParameterName })
                @{ name = $name; parameters = $words; line = $call.Extent.StartLineNumber }
            }
        }
    )
    $found[$file.BaseName] = @{ errors = @($errors | ForEach-Object { [string] $_ }); calls = $calls }
}
ConvertTo-Json -InputObject $found -Depth 5 -Compress
