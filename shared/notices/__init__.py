"""Mail to managers and operators: who must hear what (causes), in which words (render), by whom
it is carried (mail). Nothing is remembered here; flow and the ledger do that.
"""
