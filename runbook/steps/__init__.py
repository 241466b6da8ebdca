"""What each step's answer means: its reader, its inputs, when it is needless, its verdict, its facts."""
