# Every place of a folder's scripts where one small thing can be changed, on the real syntax tree: JSON, by script, of
# Start, End (offsets), Text (what stands there instead), Kind, Line. What the runner strips, parameters and loops' own
# conditions are left alone: the first is no part of the work, the last could run for ever.
param([string] $Folder)
$Swapped = @{
    Ieq = '-ne'; Ine = '-eq'; Ilt = '-ge'; Ige = '-lt'; Igt = '-le'; Ile = '-gt'; Imatch = '-notmatch'; Inotmatch = '-match'
    Icontains = '-notcontains'; Inotcontains = '-contains'; And = '-or'; Or = '-and'
}
$Swapped.Cmatch = '-cnotmatch'; $Swapped.Cnotmatch = '-cmatch'
function Add-SimMutant {
    param([string] $Kind, $Extent, [string] $Text)
    if ($byHand -contains ($Extent.StartLineNumber - 1)) { return }
    [pscustomobject]@{ Kind = $Kind; Start = $Extent.StartOffset; End = $Extent.EndOffset; Line = $Extent.StartLineNumber; Text = $Text; Was = $Extent.Text }
}
$found = @{}
foreach ($file in Get-ChildItem -LiteralPath $Folder -Filter *.ps1) {
    $tree = [System.Management.Automation.Language.Parser]::ParseFile($file.FullName, [ref] $null, [ref] $null)
    # The values for a run by hand, which a runner's in.json replaces.
    $lines = $tree.Extent.Text.Split("`n")
    $byHand = 0..($lines.Count - 1) | Where-Object { $lines[$_] -like '# Inputs*' } | ForEach-Object {
        $at = $_
        while ($at -lt $lines.Count -and $lines[$at] -notlike '#region runbook*') { $at; $at++ }
    }
    $found[$file.BaseName] = @(
        foreach ($node in $tree.FindAll({ $true }, $true)) {
            switch ($node.GetType().Name) {
                'IfStatementAst' {
                    foreach ($clause in $node.Clauses) {
                        Add-SimMutant 'condition flipped' $clause.Item1.Extent "-not ($($clause.Item1.Extent.Text))"
                        Add-SimMutant 'guard dropped' $clause.Item1.Extent '$false'
                    }
                }
                'ThrowStatementAst' { Add-SimMutant 'throw dropped' $node.Extent '$null = 0' }
                'TryStatementAst' {
                    if ($node.Finally) { Add-SimMutant 'finally dropped' $node.Finally.Extent '{ }' }
                    foreach ($catch in $node.CatchClauses) { Add-SimMutant 'catch swallows' $catch.Body.Extent '{ }' }
                }
                'BinaryExpressionAst' {
                    $other = $Swapped["$($node.Operator)"]
                    if ($other) { Add-SimMutant 'comparison swapped' $node.ErrorPosition $other }
                }
                'AssignmentStatementAst' {
                    if ($node.Operator -eq 'Equals' -and $node.Right.Extent.Text -notin '$null', '$false', '@()', '@{}', "''" -and $node.Parent -isnot [System.Management.Automation.Language.LoopStatementAst]) {
                        Add-SimMutant 'value lost' $node.Right.Extent '$null'
                    }
                }
                'ArrayExpressionAst' { if ($node.SubExpression.Statements.Count) { Add-SimMutant 'array unwrapped' $node.Extent "`$($($node.SubExpression.Extent.Text.Trim("`r`n ")))" } }
            }
        }
    )
}
ConvertTo-Json -InputObject $found -Depth 3 -Compress
