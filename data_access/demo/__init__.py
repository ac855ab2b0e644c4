"""The demonstration county: Dayi's real divisions, with people and disputes that never existed.

county       towns, communities, grids
people       committees and mediators; leave: when they are away
persons      parties: names, impossible identity numbers, undiallable phones
arrivals     when disputes come in; disputes: what they are about
worktime     office hours; agenda: what is planned; story: a case and its steps
casebook     steps of a story as the commands would take them; office: who holds what
assigning    who gets a case; outcomes: how long work takes and how it ends; notes: the words
flow         two years of it, event by event; mediation: from assignment to the end
aftermath    performance, court, follow-up, rights, archive; oversight: extensions, parking, cards
eve          the last evening: no state is empty
rows         a story as rows; establish: county and people as rows; load: all of it at once
accounts     who can sign in
pulse        the county goes on living; errands: what there is to do; choices: what comes of it
crew         in whose name; registration: one new case; verbs: the command line
"""
