using namespace System.Management.Automation.Language
# For test_machine.py: the syntax errors of a script, and each command it calls with the parameters it names, as JSON.
param([string] $Script)
$errors = $null
$ast = [Parser]::ParseFile($Script, [ref] $null, [ref] $errors)
$own = @($ast.FindAll({ $args[0] -is [FunctionDefinitionAst] }, $true) | ForEach-Object { $_.Name })
$found = @(
    foreach ($call in $ast.FindAll({ $args[0] -is [CommandAst] }, $true)) {
        $name = $call.GetCommandName()
        if ($name -and $own -notcontains $name) {
            $words = @($call.CommandElements | Where-Object { $_ -is [CommandParameterAst] } | ForEach-Object { $_.ParameterName })
            @{ name = $name; parameters = $words; line = $call.Extent.StartLineNumber }
        }
    }
)
ConvertTo-Json -InputObject @{ errors = @($errors | ForEach-Object { [string] $_ }); calls = $found } -Depth 4 -Compress
