"""The only place that decides: a pure decider, a pure dispatch, and the Faust shell around them."""
