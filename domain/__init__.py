"""The rules of dispute mediation: pure Python, no clock, no input or output, no framework.

综治中心 governance centre, 网格 grid, 调委会 mediation committee, 调解员 mediator, 纠纷 dispute
(a *case*), 改派 reassign, 回避 recusal. The full glossary is docs/glossary.md.
"""
