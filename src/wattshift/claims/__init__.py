"""Reads a text, finds its statements about mining, and re-derives each from the data.

`reading` turns a text into claims by the table of `grammar`; `judges` hold one module for each family of
claims; `evidence` lists the questions they may ask. Nothing here touches a file: `app` answers.
"""
