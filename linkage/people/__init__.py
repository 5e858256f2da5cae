"""People: the organisation register, handlers assigned and trained, subcontractors, and notices to the public (計画6(9))."""
