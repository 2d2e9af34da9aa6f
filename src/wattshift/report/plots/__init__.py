"""Pictures for publication: one module each, all in the style of `style`, drawn with matplotlib.

matplotlib is an extra (`pip install 'wattshift[plot]'`) and is imported only when something is drawn.
"""
