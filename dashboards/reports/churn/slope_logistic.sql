arrayPushFront(standardised, 1.)
