"""Everything Byline says and tells a model, as files beside this one; read by `bot.wording`."""
