"""From files brought from anywhere to the rows of errors.yml that explain them, with the evidence of each.

``files`` finds and hashes them, ``sightings`` reads event logs in a stream, ``reports`` reads policy reports, steps'
answers and error texts, ``gather`` puts it all together as plain data for the journal.
"""
