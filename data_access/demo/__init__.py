"""The demonstration county: Dayi's real divisions, with people and disputes that never existed.

county      towns, communities, grids
people      committees and mediators; leave: when they are away
persons     parties: names, impossible identity numbers, unreachable phones
disputes    what comes in, when and where; wording: what it is called
worktime    office hours; assigning: who gets a case; flow: two years of it, event by event
rows        a case's history as rows; load: all of it into an empty database
accounts    who can sign in; pulse: the county goes on living; verbs: the command line
"""
