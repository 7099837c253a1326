|=  n=@
=/  total  0
|-  ^-  @
?:  =(n 0)  total
$(n (dec n), total (add n total))
