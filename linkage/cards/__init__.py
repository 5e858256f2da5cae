"""番号の通知と個人番号カード: what is delegated to J-LIS, what the mayor does, and the use of cards by ordinance.

A card is known by an id of its own and an application on its free area by another; the number is on neither.
"""
