"""Texts that try to become markup or scripts, for every place where text from outside is shown."""

from __future__ import annotations

__all__ = ["XSS"]

XSS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "<svg onload=alert(3)>",
    '"><script>alert(4)</script>',
    "'><img src=x onerror=alert(5)>",
    "</title><script>alert(6)</script>",
    "</textarea><script>alert(7)</script>",
    "</svg><script>alert(8)</script>",
    "<iframe srcdoc='<script>parent.alert(9)</script>'>",
    "<a href=javascript:alert(10)>x</a>",
    "javascript:alert(11)",
    '" onmouseover=alert(12) x="',
    "' onfocus=alert(13) autofocus '",
    "<body onload=alert(14)>",
    "<details open ontoggle=alert(15)>",
    "<math><mi xlink:href=javascript:alert(16)>x</mi></math>",
    "<style>@import 'javascript:alert(17)'</style>",
    "<link rel=stylesheet href=//evil.example/18>",
    "<meta http-equiv=refresh content='0;url=//evil.example/19'>",
    "<base href=//evil.example/20>",
    "<form action=//evil.example/21><button>go</button></form>",
    "<input autofocus onfocus=alert(22)>",
    "<video><source onerror=alert(23)></video>",
    "<object data=javascript:alert(24)>",
    "<embed src=javascript:alert(25)>",
    "{{ 7 * 7 }}${7 * 7}<%= 7 * 7 %>",
    "<!--<script>alert(27)//-->",
    "<p hx-on:load=alert(28) hx-get=/v1/now hx-trigger=load>",
    "&lt;script&gt;alert(29)&lt;/script&gt;",
    "\u202e<scr\u0000ipt>alert(30)</script>",
)
