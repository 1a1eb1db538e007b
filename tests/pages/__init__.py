"""The pages of the desks: in a real browser, at 360 px and wide, in both languages, by keyboard, by axe."""
