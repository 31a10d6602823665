"""Use cases of a site's own rules: kept, tried on history, standing, and how often people agreed with them.

    draft --backtest--> backtest --> shadow (only counts) --> live (acts, up to its daily cap) --> retired
    backtest, shadow, retired --> draft; live --> shadow; a changed rule is a draft again

What a rule finds is `service.moderation.checks.site_rules`'; who is blocked is `service.blocks`'.
"""
