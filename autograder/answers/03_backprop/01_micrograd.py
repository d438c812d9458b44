# %% right: multiply — a named pull, and slopes kept from before
def multiply(a, b):
    in_a, in_b = b.data, a.data

    def pull(g):
        return in_a * g, in_b * g

    return Value(data=in_a * in_b, inputs=[a, b], pull=pull, op="*")


# %% right: multiply — pull returns a list
def multiply(a, b):
    product = Value(b.data * a.data, (a, b), op="*")
    product.pull = lambda g: [g * other.data for other in (b, a)]
    return product


# %% wrong: multiply — slopes exchanged  hint="yours are exchanged"
def multiply(a, b):
    return Value(a.data * b.data, (a, b), lambda g: (g * a.data, g * b.data), "*")


# %% wrong: multiply — the gradient from above is forgotten  hint="multiplies each slope by g"
def multiply(a, b):
    return Value(a.data * b.data, (a, b), lambda g: (b.data, a.data), "*")


# %% wrong: multiply — add, copied  hint="slopes of a sum"
def multiply(a, b):
    return Value(a.data * b.data, (a, b), lambda g: (g, g), "*")


# %% wrong: multiply — writes gradients instead of returning them  hint="it only returns gradients"
def multiply(a, b):
    def pull(g):
        a.grad += g * b.data
        b.grad += g * a.data

    return Value(a.data * b.data, (a, b), pull, "*")


# %% wrong: multiply — inputs forgotten  hint="does not know its inputs"
def multiply(a, b):
    return Value(a.data * b.data, (), lambda g: (g * b.data, g * a.data), "*")


# %% wrong: multiply — copies of the inputs  hint="expected"
def multiply(a, b):
    return Value(a.data * b.data, (Value(a.data), Value(b.data)), lambda g: (g * b.data, g * a.data), "*")


# %% wrong: multiply — op of add  hint="yours is that of add"
def multiply(a, b):
    return Value(a.data * b.data, (a, b), lambda g: (g * b.data, g * a.data), "+")


# %% wrong: multiply — a set of inputs, which loses the second of two equal ones  hint="expected"
def multiply(a, b):
    if a is b:
        return Value(a.data * b.data, (a,), lambda g: (2 * g * a.data,), "*")
    return Value(a.data * b.data, (a, b), lambda g: (g * b.data, g * a.data), "*")


# %% right: power — the slope is computed at once
def power(a, k):
    slope = 0.0 if k == 0 else k * a.data ** (k - 1)
    return Value(a.data**k, [a], lambda g: [g * slope], "**" + str(k))


# %% right: power — math.pow, and the case of 0 apart
def power(a, k):
    if k == 0:
        return Value(1.0, (a,), lambda g: (0.0,), f"**{k}")
    return Value(math.pow(a.data, k), (a,), lambda g: (k * math.pow(a.data, k - 1) * g,), f"**{k}")


# %% wrong: power — exponent not lowered  hint="yours has k"
def power(a, k):
    return Value(a.data**k, (a,), lambda g: (g * k * a.data**k if k else 0.0,), f"**{k}")


# %% wrong: power — no factor k  hint="the factor k of the slope is missing"
def power(a, k):
    return Value(a.data**k, (a,), lambda g: (g * a.data ** (k - 1) if k else 0.0,), f"**{k}")


# %% wrong: power — a number instead of a tuple  hint="a tuple of one is written (x,)"
def power(a, k):
    return Value(a.data**k, (a,), lambda g: g * k * a.data ** (k - 1), f"**{k}")


# %% wrong: power — divides by 0 for k = 0  hint="the formula divides by 0"
def power(a, k):
    return Value(a.data**k, (a,), lambda g: (g * k * a.data ** (k - 1),), f"**{k}")


# %% wrong: power — the gradient from above is forgotten  hint="multiplies each slope by g"
def power(a, k):
    return Value(a.data**k, (a,), lambda g: (k * a.data ** (k - 1) if k else 0.0,), f"**{k}")


# %% wrong: power — exponent raised, as in an integral  hint="yours has k + 1"
def power(a, k):
    return Value(a.data**k, (a,), lambda g: (g * k * a.data ** (k + 1) if k else 0.0,), f"**{k}")


# %% wrong: power — slope 0 wherever a is 0  hint="expected"
def power(a, k):
    return Value(a.data**k, (a,), lambda g: (g * k * a.data ** (k - 1) if a.data else 0.0,), f"**{k}")


# %% wrong: power — inputs in brackets alone  hint="a tuple of one needs its comma"
def power(a, k):
    return Value(a.data**k, (a), lambda g: (g * k * a.data ** (k - 1) if k else 0.0,), f"**{k}")


# %% right: local_slope — a table of lambdas
def local_slope(name, x, y):
    slopes = {"exp": lambda: y, "tanh": lambda: (1 - y) * (1 + y), "relu": lambda: float(x > 0)}
    if name not in slopes:
        raise ValueError(name)
    return slopes[name]()


# %% right: local_slope — match
def local_slope(name, x, y):
    match name:
        case "exp":
            return y * 1.0
        case "tanh":
            return 1.0 - y**2
        case "relu":
            return 0.0 if y == 0 else 1.0
    raise ValueError("exp, tanh or relu")


# %% wrong: local_slope — tanh by the input  hint="yours takes x"
def local_slope(name, x, y):
    if name == "exp":
        return y
    if name == "tanh":
        return 1 - x * x
    if name == "relu":
        return 1.0 if x > 0 else 0.0
    raise ValueError(name)


# %% wrong: local_slope — relu is 1 at 0  hint="at 0 the slope of relu is 0"
def local_slope(name, x, y):
    if name == "exp":
        return y
    if name == "tanh":
        return 1 - y * y
    if name == "relu":
        return 1.0 if x >= 0 else 0.0
    raise ValueError(name)


# %% wrong: local_slope — relu's value  hint="yours is its value"
def local_slope(name, x, y):
    if name == "exp":
        return y
    if name == "tanh":
        return 1 - y * y
    if name == "relu":
        return y
    raise ValueError(name)


# %% wrong: local_slope — a bool  hint="not a bool"
def local_slope(name, x, y):
    if name == "exp":
        return y
    if name == "tanh":
        return 1 - y * y
    if name == "relu":
        return x > 0
    raise ValueError(name)


# %% wrong: local_slope — exp by the input  hint="its own derivative"
def local_slope(name, x, y):
    if name == "exp":
        return x
    if name == "tanh":
        return 1 - y * y
    if name == "relu":
        return 1.0 if x > 0 else 0.0
    raise ValueError(name)


# %% wrong: local_slope — silent about other names  hint="it raises ValueError"
def local_slope(name, x, y):
    if name == "exp":
        return y
    if name == "tanh":
        return 1 - y * y
    return 1.0 if x > 0 else 0.0


# %% right: make_functions — default arguments bind at once
def make_functions(table):
    made = {}
    for name in table:

        def function(a, name=name, f=table[name][0], slope=table[name][1]):
            value = f(a.data)
            local = slope(a.data, value)
            return Value(value, [a], lambda g: [local * g], name)

        made[name] = function
    return made


# %% right: make_functions — partial
def make_functions(table):
    from functools import partial

    def apply(name, a):
        f, slope = table[name]
        y = f(a.data)
        return Value(y, (a,), lambda g: (slope(a.data, y) * g,), name)

    return {name: partial(apply, name) for name in table}


# %% wrong: make_functions — closures over the loop's variables  hint="a closure looks up the loop's variables"
def make_functions(table):
    made = {}
    for name, (f, slope) in table.items():

        def function(a):
            y = f(a.data)
            return Value(y, (a,), lambda g: (g * slope(a.data, y),), name)

        made[name] = function
    return made


# %% wrong: make_functions — only the slope is the loop's  hint="every slope is that of"
def make_functions(table):
    made = {}
    for name, (f, slope) in table.items():

        def function(a, name=name, f=f):
            y = f(a.data)
            return Value(y, (a,), lambda g: (g * slope(a.data, y),), name)

        made[name] = function
    return made


# %% wrong: make_functions — value before input  hint="slope takes x first"
def make_functions(table):
    def make(name, f, slope):
        def function(a):
            y = f(a.data)
            return Value(y, (a,), lambda g: (g * slope(y, a.data),), name)

        return function

    return {name: make(name, *pair) for name, pair in table.items()}


# %% wrong: make_functions — the gradient from above is forgotten  hint="multiplies each slope by g"
def make_functions(table):
    def make(name, f, slope):
        def function(a):
            y = f(a.data)
            return Value(y, (a,), lambda g: (slope(a.data, y),), name)

        return function

    return {name: make(name, *pair) for name, pair in table.items()}


# %% wrong: make_functions — no op  hint="op is the name"
def make_functions(table):
    def make(name, f, slope):
        def function(a):
            y = f(a.data)
            return Value(y, (a,), lambda g: (g * slope(a.data, y),))

        return function

    return {name: make(name, *pair) for name, pair in table.items()}


# %% wrong: make_functions — a number instead of a tuple  hint="a tuple of one is written (x,)"
def make_functions(table):
    def make(name, f, slope):
        def function(a):
            y = f(a.data)
            return Value(y, (a,), lambda g: g * slope(a.data, y), name)

        return function

    return {name: make(name, *pair) for name, pair in table.items()}


# %% wrong: make_functions — inputs in brackets alone  hint="a tuple of one needs its comma"
def make_functions(table):
    def make(name, f, slope):
        def function(a):
            y = f(a.data)
            return Value(y, (a), lambda g: (g * slope(a.data, y),), name)

        return function

    return {name: make(name, *pair) for name, pair in table.items()}


# %% right: topological_order — counts the users of each node (Kahn)
def topological_order(root):
    users, todo = {root: 0}, [root]
    for node in todo:
        for before in node.inputs:
            if before not in users:
                users[before] = 0
                todo.append(before)
            users[before] += 1
    order = [root]
    for node in order:
        for before in node.inputs:
            users[before] -= 1
            if users[before] == 0:
                order.append(before)
    return order[::-1]


# %% right: topological_order — iterators on the stack
def topological_order(root):
    order, seen, stack = [], {root}, [(root, iter(root.inputs))]
    while stack:
        node, waiting = stack[-1]
        for before in waiting:
            if before not in seen:
                seen.add(before)
                stack.append((before, iter(before.inputs)))
                break
        else:
            order.append(node)
            stack.pop()
    return order


# %% wrong: topological_order — recursive  hint="goes one call deeper for each node"
def topological_order(root):
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for before in node.inputs:
                visit(before)
            order.append(node)

    visit(root)
    return order


# %% wrong: topological_order — breadth first, turned round  hint="add a node only when all of its inputs are in the list"
def topological_order(root):
    order = [root]
    for node in order:
        order += [before for before in dict.fromkeys(node.inputs) if before not in order]
    return order[::-1]


# %% wrong: topological_order — the root first  hint="yours is the other way round"
def topological_order(root):
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack += [(before, False) for before in node.inputs]
    return order[::-1]


# %% wrong: topological_order — walks along every path  hint="remember what you have seen"
def topological_order(root):
    order, stack = [], [(root, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        else:
            stack.append((node, True))
            stack += [(before, False) for before in node.inputs]
    return order


# %% wrong: topological_order — every path, and repetitions taken out  hint="visited again and again"
def topological_order(root):
    order, stack = [], [(root, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            if node not in order:
                order.append(node)
        else:
            stack.append((node, True))
            stack += [(before, False) for before in node.inputs]
    return order


# %% wrong: topological_order — leaves left out  hint="a leaf"
def topological_order(root):
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif node not in seen and node.inputs:
            seen.add(node)
            stack.append((node, True))
            stack += [(before, False) for before in node.inputs]
    return order


# %% wrong: topological_order — only the first input is followed  hint="is missing"
def topological_order(root):
    order = [root]
    while order[-1].inputs:
        order.append(order[-1].inputs[0])
    return order[::-1]


# %% wrong: topological_order — numbers instead of nodes  hint="no node of the graph"
def topological_order(root):
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node.data)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack += [(before, False) for before in node.inputs]
    return order


# %% right: backward — gradients of this pass in a dict, written at the end
def backward(root):
    order = topological_order(root)
    grads = dict.fromkeys(order, 0.0)
    grads[root] = 1.0
    for node in order[::-1]:
        if node.inputs:
            for before, g in zip(node.inputs, node.pull(grads[node])):
                grads[before] = grads[before] + g
    for node, g in grads.items():
        node.grad = g if node.inputs else node.grad + g


# %% right: backward — leaves told by pull
def backward(root):
    order = topological_order(root)
    inner = [node for node in order if node.pull is not None]
    for node in inner:
        node.grad = 0.0
    root.grad = root.grad + 1
    while inner:
        node = inner.pop()
        for k, part in enumerate(node.pull(node.grad)):
            node.inputs[k].grad += part


# %% wrong: backward — overwrites  hint="overwritten where it must be added"
def backward(root):
    order = topological_order(root)
    for node in order:
        if node.inputs:
            node.grad = 0.0
    root.grad += 1.0
    for node in reversed(order):
        if node.inputs:
            for before, g in zip(node.inputs, node.pull(node.grad)):
                before.grad = g


# %% wrong: backward — breadth first  hint="before all of it has arrived"
def backward(root):
    order = [root]
    for node in order:
        order += [before for before in dict.fromkeys(node.inputs) if before not in order]
    for node in order:
        if node.inputs:
            node.grad = 0.0
    root.grad += 1.0
    for node in order:
        if node.inputs:
            for before, g in zip(node.inputs, node.pull(node.grad)):
                before.grad += g


# %% wrong: backward — the order forwards  hint="walk the topological order backwards, from the root"
def backward(root):
    order = topological_order(root)
    for node in order:
        if node.inputs:
            node.grad = 0.0
    root.grad += 1.0
    for node in order:
        if node.inputs:
            for before, g in zip(node.inputs, node.pull(node.grad)):
                before.grad += g


# %% wrong: backward — no 1 to start with  hint="start with it"
def backward(root):
    order = topological_order(root)
    for node in order:
        if node.inputs:
            node.grad = 0.0
    for node in reversed(order):
        if node.inputs:
            for before, g in zip(node.inputs, node.pull(node.grad)):
                before.grad += g


# %% wrong: backward — the local slope alone  hint="hand on pull(node.grad)"
def backward(root):
    order = topological_order(root)
    for node in order:
        if node.inputs:
            node.grad = 0.0
    root.grad += 1.0
    for node in reversed(order):
        if node.inputs:
            for before, g in zip(node.inputs, node.pull(1.0)):
                before.grad += g


# %% wrong: backward — clears leaves, too  hint="what a leaf's .grad held before stays"
def backward(root):
    order = topological_order(root)
    for node in order:
        node.grad = 0.0
    root.grad += 1.0
    for node in reversed(order):
        if node.inputs:
            for before, g in zip(node.inputs, node.pull(node.grad)):
                before.grad += g


# %% wrong: backward — as in micrograd: nodes in between keep old gradients  hint="b = f(a); c = f(b)"
def backward(root):
    order = topological_order(root)
    root.grad = 1.0
    for node in reversed(order):
        if node.inputs:
            for before, g in zip(node.inputs, node.pull(node.grad)):
                before.grad += g


# %% wrong: backward — a root that is a leaf loses what it held  hint="+= 1.0, not = 1.0"
def backward(root):
    order = topological_order(root)
    for node in order:
        if node.inputs:
            node.grad = 0.0
    root.grad = 1.0
    for node in reversed(order):
        if node.inputs:
            for before, g in zip(node.inputs, node.pull(node.grad)):
                before.grad += g


# %% wrong: backward — recursive, along all paths  hint="visited again and again"
def backward(root):
    def hand_on(node, g):
        node.grad = (node.grad if node in seen or not node.inputs else 0.0) + g
        seen.add(node)
        if node.inputs:
            for before, part in zip(node.inputs, node.pull(g)):
                hand_on(before, part)

    seen = set()
    hand_on(root, 1.0)


# %% right: Value — every operator by add, multiply and power
class Value(Node):
    def __add__(self, other):
        return add(self, as_value(other))

    __radd__ = __add__

    def __mul__(self, other):
        return multiply(self, as_value(other))

    __rmul__ = __mul__

    def __pow__(self, k):
        return power(self, k)

    def __neg__(self):
        return multiply(self, Value(-1))

    def __sub__(self, other):
        return add(self, multiply(as_value(other), Value(-1)))

    def __rsub__(self, other):
        return add(as_value(other), multiply(self, Value(-1)))

    def __truediv__(self, other):
        return multiply(self, power(as_value(other), -1))

    def __rtruediv__(self, other):
        return multiply(as_value(other), power(self, -1))

    def exp(self):
        return functions["exp"](self)

    def tanh(self):
        return functions["tanh"](self)

    def relu(self):
        return functions["relu"](self)

    def backward(self):
        backward(self)


# %% right: Value — numbers told by hasattr, quotients of numbers at once
class Value(Node):
    def value(self, other):
        return other if hasattr(other, "pull") else Value(other)

    def __add__(self, other):
        return add(self, self.value(other))

    def __mul__(self, other):
        return multiply(self, self.value(other))

    def __pow__(self, k):
        return power(self, k)

    def __neg__(self):
        return -1 * self

    def __sub__(self, other):
        return self + (-other)

    def __truediv__(self, other):
        return self * (other**-1)

    def __radd__(self, other):
        return self.value(other) + self

    def __rmul__(self, other):
        return self.value(other) * self

    def __rsub__(self, other):
        return -self + other

    def __rtruediv__(self, other):
        return self**-1 * other

    def exp(self):
        return functions["exp"](self)

    def tanh(self):
        return functions["tanh"](self)

    def relu(self):
        return functions["relu"](self)

    def backward(self):
        backward(self)


# %% wrong: Value — no reflected sum  hint="__radd__"
class Value(Node):
    def __add__(self, other):
        return add(self, as_value(other))

    def __mul__(self, other):
        return multiply(self, as_value(other))

    __rmul__ = __mul__

    def __pow__(self, k):
        return power(self, k)

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -as_value(other)

    def __rsub__(self, other):
        return as_value(other) - self

    def __truediv__(self, other):
        return self * as_value(other) ** -1

    def __rtruediv__(self, other):
        return as_value(other) / self

    def exp(self):
        return functions["exp"](self)

    def tanh(self):
        return functions["tanh"](self)

    def relu(self):
        return functions["relu"](self)

    def backward(self):
        backward(self)


# %% wrong: Value — no reflected product  hint="__rmul__"
class Value(Node):
    def __add__(self, other):
        return add(self, as_value(other))

    __radd__ = __add__

    def __mul__(self, other):
        return multiply(self, as_value(other))

    def __pow__(self, k):
        return power(self, k)

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -as_value(other)

    def __rsub__(self, other):
        return as_value(other) - self

    def __truediv__(self, other):
        return self * as_value(other) ** -1

    def __rtruediv__(self, other):
        return as_value(other) / self

    def exp(self):
        return functions["exp"](self)

    def tanh(self):
        return functions["tanh"](self)

    def relu(self):
        return functions["relu"](self)

    def backward(self):
        backward(self)


# %% wrong: Value — no reflected difference  hint="__rsub__"
class Value(Node):
    def __add__(self, other):
        return add(self, as_value(other))

    __radd__ = __add__

    def __mul__(self, other):
        return multiply(self, as_value(other))

    __rmul__ = __mul__

    def __pow__(self, k):
        return power(self, k)

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -as_value(other)

    def __truediv__(self, other):
        return self * as_value(other) ** -1

    def __rtruediv__(self, other):
        return as_value(other) / self

    def exp(self):
        return functions["exp"](self)

    def tanh(self):
        return functions["tanh"](self)

    def relu(self):
        return functions["relu"](self)

    def backward(self):
        backward(self)


# %% wrong: Value — no reflected quotient  hint="__rtruediv__"
class Value(Node):
    def __add__(self, other):
        return add(self, as_value(other))

    __radd__ = __add__

    def __mul__(self, other):
        return multiply(self, as_value(other))

    __rmul__ = __mul__

    def __pow__(self, k):
        return power(self, k)

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -as_value(other)

    def __rsub__(self, other):
        return as_value(other) - self

    def __truediv__(self, other):
        return self * as_value(other) ** -1

    def exp(self):
        return functions["exp"](self)

    def tanh(self):
        return functions["tanh"](self)

    def relu(self):
        return functions["relu"](self)

    def backward(self):
        backward(self)


# %% wrong: Value — reflected difference the wrong way round  hint="in __rsub__ self stands on the right"
class Value(Node):
    def __add__(self, other):
        return add(self, as_value(other))

    __radd__ = __add__

    def __mul__(self, other):
        return multiply(self, as_value(other))

    __rmul__ = __mul__

    def __pow__(self, k):
        return power(self, k)

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -as_value(other)

    __rsub__ = __sub__

    def __truediv__(self, other):
        return self * as_value(other) ** -1

    def __rtruediv__(self, other):
        return as_value(other) / self

    def exp(self):
        return functions["exp"](self)

    def tanh(self):
        return functions["tanh"](self)

    def relu(self):
        return functions["relu"](self)

    def backward(self):
        backward(self)


# %% wrong: Value — reflected quotient the wrong way round  hint="in __rtruediv__ self stands on the right"
class Value(Node):
    def __add__(self, other):
        return add(self, as_value(other))

    __radd__ = __add__

    def __mul__(self, other):
        return multiply(self, as_value(other))

    __rmul__ = __mul__

    def __pow__(self, k):
        return power(self, k)

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -as_value(other)

    def __rsub__(self, other):
        return as_value(other) - self

    def __truediv__(self, other):
        return self * as_value(other) ** -1

    def __rtruediv__(self, other):
        return self / other

    def exp(self):
        return functions["exp"](self)

    def tanh(self):
        return functions["tanh"](self)

    def relu(self):
        return functions["relu"](self)

    def backward(self):
        backward(self)


# %% wrong: Value — plain numbers are not wrapped  hint="a plain number has no .data"
class Value(Node):
    def __add__(self, other):
        return add(self, other)

    __radd__ = __add__

    def __mul__(self, other):
        return multiply(self, other)

    __rmul__ = __mul__

    def __pow__(self, k):
        return power(self, k)

    def __neg__(self):
        return self * Value(-1)

    def __sub__(self, other):
        return self + -as_value(other)

    def __rsub__(self, other):
        return as_value(other) - self

    def __truediv__(self, other):
        return self * as_value(other) ** -1

    def __rtruediv__(self, other):
        return as_value(other) / self

    def exp(self):
        return functions["exp"](self)

    def tanh(self):
        return functions["tanh"](self)

    def relu(self):
        return functions["relu"](self)

    def backward(self):
        backward(self)


# %% wrong: Value — a difference that adds  hint="that is `+`, not `-`"
class Value(Node):
    def __add__(self, other):
        return add(self, as_value(other))

    __radd__ = __add__

    def __mul__(self, other):
        return multiply(self, as_value(other))

    __rmul__ = __mul__

    def __pow__(self, k):
        return power(self, k)

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + as_value(other)

    def __rsub__(self, other):
        return as_value(other) - self

    def __truediv__(self, other):
        return self * as_value(other) ** -1

    def __rtruediv__(self, other):
        return as_value(other) / self

    def exp(self):
        return functions["exp"](self)

    def tanh(self):
        return functions["tanh"](self)

    def relu(self):
        return functions["relu"](self)

    def backward(self):
        backward(self)


# %% wrong: Value — operators on numbers, so that no graph is recorded  hint="expected"
class Value(Node):
    def __add__(self, other):
        return Value(self.data + as_value(other).data)

    __radd__ = __add__

    def __mul__(self, other):
        return Value(self.data * as_value(other).data)

    __rmul__ = __mul__

    def __pow__(self, k):
        return Value(self.data**k)

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -as_value(other)

    def __rsub__(self, other):
        return as_value(other) - self

    def __truediv__(self, other):
        return self * as_value(other) ** -1

    def __rtruediv__(self, other):
        return as_value(other) / self

    def exp(self):
        return functions["exp"](self)

    def tanh(self):
        return functions["tanh"](self)

    def relu(self):
        return functions["relu"](self)

    def backward(self):
        backward(self)


# %% wrong: Value — a product with its slopes exchanged  hint="the cause lies in multiply"
class Value(Node):
    def __add__(self, other):
        return add(self, as_value(other))

    __radd__ = __add__

    def __mul__(self, other):
        other = as_value(other)
        return Value(self.data * other.data, (self, other), lambda g: (g * self.data, g * other.data), "*")

    __rmul__ = __mul__

    def __pow__(self, k):
        return power(self, k)

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -as_value(other)

    def __rsub__(self, other):
        return as_value(other) - self

    def __truediv__(self, other):
        return self * as_value(other) ** -1

    def __rtruediv__(self, other):
        return as_value(other) / self

    def exp(self):
        return functions["exp"](self)

    def tanh(self):
        return functions["tanh"](self)

    def relu(self):
        return functions["relu"](self)

    def backward(self):
        backward(self)


# %% wrong: Value — a backward that overwrites  hint="look at backward and topological_order"
class Value(Node):
    def __add__(self, other):
        return add(self, as_value(other))

    __radd__ = __add__

    def __mul__(self, other):
        return multiply(self, as_value(other))

    __rmul__ = __mul__

    def __pow__(self, k):
        return power(self, k)

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -as_value(other)

    def __rsub__(self, other):
        return as_value(other) - self

    def __truediv__(self, other):
        return self * as_value(other) ** -1

    def __rtruediv__(self, other):
        return as_value(other) / self

    def exp(self):
        return functions["exp"](self)

    def tanh(self):
        return functions["tanh"](self)

    def relu(self):
        return functions["relu"](self)

    def backward(self):
        self.grad = 1.0
        for node in reversed(topological_order(self)):
            if node.inputs:
                for before, g in zip(node.inputs, node.pull(node.grad)):
                    before.grad = g


# %% wrong: Value — a reflected difference that calls itself  hint="a method calls itself without end"
class Value(Node):
    def __add__(self, other):
        return add(self, as_value(other))

    __radd__ = __add__

    def __mul__(self, other):
        return multiply(self, as_value(other))

    __rmul__ = __mul__

    def __pow__(self, k):
        return power(self, k)

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -as_value(other)

    def __rsub__(self, other):
        return other - self

    def __truediv__(self, other):
        return self * as_value(other) ** -1

    def __rtruediv__(self, other):
        return as_value(other) / self

    def exp(self):
        return functions["exp"](self)

    def tanh(self):
        return functions["tanh"](self)

    def relu(self):
        return functions["relu"](self)

    def backward(self):
        backward(self)


# %% wrong: Value — a plain number in a reflected sum  hint="a plain number has no .data"
class Value(Node):
    def __add__(self, other):
        return add(self, as_value(other))

    def __radd__(self, other):
        return add(other, self)

    def __mul__(self, other):
        return multiply(self, as_value(other))

    __rmul__ = __mul__

    def __pow__(self, k):
        return power(self, k)

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -as_value(other)

    def __rsub__(self, other):
        return as_value(other) - self

    def __truediv__(self, other):
        return self * as_value(other) ** -1

    def __rtruediv__(self, other):
        return as_value(other) / self

    def exp(self):
        return functions["exp"](self)

    def tanh(self):
        return functions["tanh"](self)

    def relu(self):
        return functions["relu"](self)

    def backward(self):
        backward(self)


# %% right: Neuron — a loop
class Neuron:
    def __init__(self, inputs, rng, bend=True):
        self.all = []
        for _ in range(inputs):
            self.all.append(Value(rng.uniform(-1, 1)))
        self.all.append(Value(0))
        self.bend = bend

    def __call__(self, x):
        total = self.all[-1]
        for k, one in enumerate(x):
            total = total + one * self.all[k]
        if self.bend:
            return total.tanh()
        return total

    def parameters(self):
        return list(self.all)


# %% right: Neuron — sum of a list, bias first
class Neuron:
    def __init__(self, inputs, rng, bend=True):
        self.w, self.b = [Value(2 * rng.random() - 1) for _ in range(inputs)], Value(0.0)
        self.f = Value.tanh if bend else lambda value: value

    def __call__(self, x):
        return self.f(self.b + sum([a * b for a, b in zip(x, self.w)]))

    def parameters(self):
        return self.w + [self.b]


# %% wrong: Neuron — the bend is forgotten  hint="the tanh is missing"
class Neuron:
    def __init__(self, inputs, rng, bend=True):
        self.w, self.b = [Value(rng.uniform(-1, 1)) for _ in range(inputs)], Value(0.0)

    def __call__(self, x):
        return sum((w * one for w, one in zip(self.w, x)), self.b)

    def parameters(self):
        return self.w + [self.b]


# %% wrong: Neuron — always bends  hint="with bend=False there is no tanh"
class Neuron:
    def __init__(self, inputs, rng, bend=True):
        self.w, self.b = [Value(rng.uniform(-1, 1)) for _ in range(inputs)], Value(0.0)

    def __call__(self, x):
        return sum((w * one for w, one in zip(self.w, x)), self.b).tanh()

    def parameters(self):
        return self.w + [self.b]


# %% wrong: Neuron — no bias in the sum  hint="the bias is missing in the sum"
class Neuron:
    def __init__(self, inputs, rng, bend=True):
        self.w, self.b, self.bend = [Value(rng.uniform(-1, 1)) for _ in range(inputs)], Value(0.0), bend

    def __call__(self, x):
        total = sum(w * one for w, one in zip(self.w, x))
        return total.tanh() if self.bend else total

    def parameters(self):
        return self.w + [self.b]


# %% wrong: Neuron — the bias is no parameter  hint="parameters() lists the bias, too"
class Neuron:
    def __init__(self, inputs, rng, bend=True):
        self.w, self.b, self.bend = [Value(rng.uniform(-1, 1)) for _ in range(inputs)], Value(0.0), bend

    def __call__(self, x):
        total = sum((w * one for w, one in zip(self.w, x)), self.b)
        return total.tanh() if self.bend else total

    def parameters(self):
        return self.w


# %% wrong: Neuron — the bias first  hint="weights first, then the bias"
class Neuron:
    def __init__(self, inputs, rng, bend=True):
        self.w, self.b, self.bend = [Value(rng.uniform(-1, 1)) for _ in range(inputs)], Value(0.0), bend

    def __call__(self, x):
        total = sum((w * one for w, one in zip(self.w, x)), self.b)
        return total.tanh() if self.bend else total

    def parameters(self):
        return [self.b] + self.w


# %% wrong: Neuron — a random bias  hint="the bias starts at 0"
class Neuron:
    def __init__(self, inputs, rng, bend=True):
        self.w, self.bend = [Value(rng.uniform(-1, 1)) for _ in range(inputs)], bend
        self.b = Value(rng.uniform(-1, 1))

    def __call__(self, x):
        total = sum((w * one for w, one in zip(self.w, x)), self.b)
        return total.tanh() if self.bend else total

    def parameters(self):
        return self.w + [self.b]


# %% wrong: Neuron — copies of the parameters  hint="the very values"
class Neuron:
    def __init__(self, inputs, rng, bend=True):
        self.w, self.b, self.bend = [Value(rng.uniform(-1, 1)) for _ in range(inputs)], Value(0.0), bend

    def __call__(self, x):
        total = sum((w * one for w, one in zip(self.w, x)), self.b)
        return total.tanh() if self.bend else total

    def parameters(self):
        return [Value(p.data) for p in [*self.w, self.b]]


# %% wrong: Neuron — weights from 0 to 1  hint="yours are from 0 to 1"
class Neuron:
    def __init__(self, inputs, rng, bend=True):
        self.w, self.b, self.bend = [Value(rng.random()) for _ in range(inputs)], Value(0.0), bend

    def __call__(self, x):
        total = sum((w * one for w, one in zip(self.w, x)), self.b)
        return total.tanh() if self.bend else total

    def parameters(self):
        return self.w + [self.b]


# %% wrong: Neuron — on an engine whose products record no graph  hint="it lies in Value"
class Weight(Value):
    def __mul__(self, other):
        return as_value(self.data * as_value(other).data)

    __rmul__ = __mul__


class Neuron:
    def __init__(self, inputs, rng, bend=True):
        self.w, self.b, self.bend = [Weight(rng.uniform(-1, 1)) for _ in range(inputs)], Value(0.0), bend

    def __call__(self, x):
        total = sum((w * one for w, one in zip(self.w, x)), self.b)
        return total.tanh() if self.bend else total

    def parameters(self):
        return self.w + [self.b]


# %% right: Layer — map and sum
class Layer:
    def __init__(self, inputs, outputs, rng, bend=True):
        self.neurons = []
        while len(self.neurons) < outputs:
            self.neurons.append(Neuron(inputs, rng, bend=bend))

    def __call__(self, x):
        return list(map(lambda neuron: neuron(x), self.neurons))

    def parameters(self):
        return sum([neuron.parameters() for neuron in self.neurons], [])


# %% right: Layer — a list that is a layer
class Layer(list):
    def __init__(self, inputs, outputs, rng, bend=True):
        super().__init__(Neuron(inputs, rng, bend) for _ in range(outputs))

    def __call__(self, x):
        answers = []
        for neuron in self:
            answers.append(neuron(x))
        return answers

    def parameters(self):
        found = []
        for neuron in self:
            found.extend(neuron.parameters())
        return found


# %% wrong: Layer — one neuron many times  hint="one and the same"
class Layer:
    def __init__(self, inputs, outputs, rng, bend=True):
        self.neurons = [Neuron(inputs, rng, bend)] * outputs

    def __call__(self, x):
        return [neuron(x) for neuron in self.neurons]

    def parameters(self):
        return [p for neuron in self.neurons for p in neuron.parameters()]


# %% wrong: Layer — bend is not passed on  hint="bend is not passed on"
class Layer:
    def __init__(self, inputs, outputs, rng, bend=True):
        self.neurons = [Neuron(inputs, rng) for _ in range(outputs)]

    def __call__(self, x):
        return [neuron(x) for neuron in self.neurons]

    def parameters(self):
        return [p for neuron in self.neurons for p in neuron.parameters()]


# %% wrong: Layer — a single output without its list  hint="also where it is only one"
class Layer:
    def __init__(self, inputs, outputs, rng, bend=True):
        self.neurons = [Neuron(inputs, rng, bend) for _ in range(outputs)]

    def __call__(self, x):
        answers = [neuron(x) for neuron in self.neurons]
        return answers[0] if len(answers) == 1 else answers

    def parameters(self):
        return [p for neuron in self.neurons for p in neuron.parameters()]


# %% wrong: Layer — inputs and outputs exchanged  hint="the second that of neurons"
class Layer:
    def __init__(self, inputs, outputs, rng, bend=True):
        self.neurons = [Neuron(outputs, rng, bend) for _ in range(inputs)]

    def __call__(self, x):
        return [neuron(x) for neuron in self.neurons]

    def parameters(self):
        return [p for neuron in self.neurons for p in neuron.parameters()]


# %% wrong: Layer — every neuron from the same seed  hint="all neurons start alike"
class Layer:
    def __init__(self, inputs, outputs, rng, bend=True):
        state = rng.getstate()
        self.neurons = []
        for _ in range(outputs):
            rng.setstate(state)
            self.neurons.append(Neuron(inputs, rng, bend))

    def __call__(self, x):
        return [neuron(x) for neuron in self.neurons]

    def parameters(self):
        return [p for neuron in self.neurons for p in neuron.parameters()]


# %% wrong: Layer — a new generator for each neuron  hint="yours makes a new random.Random(0)"
class Layer:
    def __init__(self, inputs, outputs, rng, bend=True):
        self.neurons = [Neuron(inputs, random.Random(0), bend) for _ in range(outputs)]

    def __call__(self, x):
        return [neuron(x) for neuron in self.neurons]

    def parameters(self):
        return [p for neuron in self.neurons for p in neuron.parameters()]


# %% right: MLP — neighbours by zip
class MLP:
    def __init__(self, sizes, rng):
        pairs = list(zip(sizes, sizes[1:]))
        self.layers = [Layer(n, m, rng) for n, m in pairs[:-1]] + [Layer(*pairs[-1], rng, False)]

    def __call__(self, x):
        answer = x
        for layer in self.layers:
            answer = layer(answer)
        return answer

    def parameters(self):
        return sum((layer.parameters() for layer in self.layers), [])


# %% right: MLP — reduce
class MLP:
    def __init__(self, sizes, rng):
        self.layers = []
        for k in range(1, len(sizes)):
            self.layers.append(Layer(sizes[k - 1], sizes[k], rng, k != len(sizes) - 1))

    def __call__(self, x):
        from functools import reduce

        return reduce(lambda values, layer: layer(values), self.layers, x)

    def parameters(self):
        found = []
        for layer in self.layers:
            found += layer.parameters()
        return found


# %% wrong: MLP — the last layer bends  hint="the last layer has no tanh"
class MLP:
    def __init__(self, sizes, rng):
        self.layers = [Layer(n, m, rng) for n, m in zip(sizes, sizes[1:])]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]


# %% wrong: MLP — nothing bends  hint="only the last layer is without tanh"
class MLP:
    def __init__(self, sizes, rng):
        self.layers = [Layer(n, m, rng, bend=False) for n, m in zip(sizes, sizes[1:])]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]


# %% wrong: MLP — the first output instead of the list  hint="also where it is only one"
class MLP:
    def __init__(self, sizes, rng):
        self.layers = [Layer(n, m, rng, k < len(sizes) - 2) for k, (n, m) in enumerate(zip(sizes, sizes[1:]))]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x[0] if len(x) == 1 else x

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]


# %% wrong: MLP — only the last layer's parameters  hint="some are missing"
class MLP:
    def __init__(self, sizes, rng):
        self.layers = [Layer(n, m, rng, k < len(sizes) - 2) for k, (n, m) in enumerate(zip(sizes, sizes[1:]))]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self):
        return self.layers[-1].parameters()


# %% wrong: MLP — every layer gets the inputs  hint="raised"
class MLP:
    def __init__(self, sizes, rng):
        self.layers = [Layer(n, m, rng, k < len(sizes) - 2) for k, (n, m) in enumerate(zip(sizes, sizes[1:]))]

    def __call__(self, x):
        return [layer(x) for layer in self.layers][-1]

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]


# %% right: margin_loss — a loop
def margin_loss(scores, targets):
    total = Value(0.0)
    for score, y in zip(scores, targets):
        total = total + (score * -y + 1).relu()
    return total * (1 / len(scores))


# %% right: margin_loss — each term divided
def margin_loss(scores, targets):
    n = len(targets)
    return sum([(1 - scores[i] * targets[i]).relu() / n for i in range(n)])


# %% wrong: margin_loss — the sum  hint="the mean over all examples"
def margin_loss(scores, targets):
    return sum((1 - y * s).relu() for s, y in zip(scores, targets))


# %% wrong: margin_loss — no relu  hint="the relu is missing"
def margin_loss(scores, targets):
    return sum(1 - y * s for s, y in zip(scores, targets)) / len(scores)


# %% wrong: margin_loss — the sign  hint="the sign is turned"
def margin_loss(scores, targets):
    return sum((1 + y * s).relu() for s, y in zip(scores, targets)) / len(scores)


# %% wrong: margin_loss — relu of the mean  hint="the relu is taken of each example"
def margin_loss(scores, targets):
    return (sum(1 - y * s for s, y in zip(scores, targets)) / len(scores)).relu()


# %% wrong: margin_loss — no margin  hint="the margin is missing"
def margin_loss(scores, targets):
    return sum((-y * s).relu() for s, y in zip(scores, targets)) / len(scores)


# %% wrong: margin_loss — a number without a graph  hint="with .data the graph is lost"
def margin_loss(scores, targets):
    return sum(max(0.0, 1 - y * s.data) for s, y in zip(scores, targets)) / len(scores)


# %% wrong: margin_loss — a value of numbers  hint="with .data the graph is lost"
def margin_loss(scores, targets):
    return Value(sum(max(0.0, 1 - y * s.data) for s, y in zip(scores, targets)) / len(scores))


# %% right: train — gradients are cleared after the step, and before the first
def train(model, x, y, lr, steps, batch_size, rng):
    parameters, losses = model.parameters(), []
    for p in parameters:
        p.grad = 0.0
    while len(losses) < steps:
        ids = rng.sample(range(len(x)), batch_size)
        scores = []
        for i in ids:
            (score,) = model(x[i])
            scores.append(score)
        loss = margin_loss(scores, [y[i] for i in ids])
        loss.backward()
        losses.append(loss.data)
        for p in parameters:
            p.data = p.data - lr * p.grad
            p.grad = 0.0
    return losses


# %% right: train — backward as a function, the update in two parts
def train(model, x, y, lr, steps, batch_size, rng):
    losses = []
    for step in range(steps):
        ids = rng.sample(range(len(y)), batch_size)
        for p in model.parameters():
            p.grad = 0.0
        loss = margin_loss([score for i in ids for score in model(x[i])], [y[i] for i in ids])
        backward(loss)
        moves = [-lr * p.grad for p in model.parameters()]
        for p, move in zip(model.parameters(), moves):
            p.data += move
        losses += [loss.data]
    return losses


# %% wrong: train — never clears  hint="set every .grad to 0.0 before each backward"
def train(model, x, y, lr, steps, batch_size, rng):
    losses = []
    for _ in range(steps):
        ids = rng.sample(range(len(x)), batch_size)
        loss = margin_loss([model(x[i])[0] for i in ids], [y[i] for i in ids])
        loss.backward()
        for p in model.parameters():
            p.data -= lr * p.grad
        losses.append(loss.data)
    return losses


# %% wrong: train — clears after each step only  hint="take part in the first step"
def train(model, x, y, lr, steps, batch_size, rng):
    losses = []
    for _ in range(steps):
        ids = rng.sample(range(len(x)), batch_size)
        loss = margin_loss([model(x[i])[0] for i in ids], [y[i] for i in ids])
        loss.backward()
        for p in model.parameters():
            p.data -= lr * p.grad
            p.grad = 0.0
        losses.append(loss.data)
    return losses


# %% wrong: train — clears once  hint="in each step, not once"
def train(model, x, y, lr, steps, batch_size, rng):
    losses = []
    for p in model.parameters():
        p.grad = 0.0
    for _ in range(steps):
        ids = rng.sample(range(len(x)), batch_size)
        loss = margin_loss([model(x[i])[0] for i in ids], [y[i] for i in ids])
        loss.backward()
        for p in model.parameters():
            p.data -= lr * p.grad
        losses.append(loss.data)
    return losses


# %% wrong: train — uphill  hint="uphill"
def train(model, x, y, lr, steps, batch_size, rng):
    losses = []
    for _ in range(steps):
        ids = rng.sample(range(len(x)), batch_size)
        loss = margin_loss([model(x[i])[0] for i in ids], [y[i] for i in ids])
        for p in model.parameters():
            p.grad = 0.0
        loss.backward()
        for p in model.parameters():
            p.data += lr * p.grad
        losses.append(loss.data)
    return losses


# %% wrong: train — a new value instead of new data  hint="the parameters do not move"
def train(model, x, y, lr, steps, batch_size, rng):
    losses = []
    for _ in range(steps):
        ids = rng.sample(range(len(x)), batch_size)
        loss = margin_loss([model(x[i])[0] for i in ids], [y[i] for i in ids])
        for p in model.parameters():
            p.grad = 0.0
        loss.backward()
        for p in model.parameters():
            p = p - lr * p.grad
        losses.append(loss.data)
    return losses


# %% wrong: train — all examples in each step  hint="yours takes all examples"
def train(model, x, y, lr, steps, batch_size, rng):
    losses = []
    for _ in range(steps):
        loss = margin_loss([model(one)[0] for one in x], y)
        for p in model.parameters():
            p.grad = 0.0
        loss.backward()
        for p in model.parameters():
            p.data -= lr * p.grad
        losses.append(loss.data)
    return losses


# %% wrong: train — draws a batch, and takes all examples  hint="yours draws one, and then takes all"
def train(model, x, y, lr, steps, batch_size, rng):
    losses = []
    for _ in range(steps):
        rng.sample(range(len(x)), batch_size)
        loss = margin_loss([model(one)[0] for one in x], y)
        for p in model.parameters():
            p.grad = 0.0
        loss.backward()
        for p in model.parameters():
            p.data -= lr * p.grad
        losses.append(loss.data)
    return losses


# %% wrong: train — values instead of numbers  hint=".data is the number"
def train(model, x, y, lr, steps, batch_size, rng):
    losses = []
    for _ in range(steps):
        ids = rng.sample(range(len(x)), batch_size)
        loss = margin_loss([model(x[i])[0] for i in ids], [y[i] for i in ids])
        for p in model.parameters():
            p.grad = 0.0
        loss.backward()
        for p in model.parameters():
            p.data -= lr * p.grad
        losses.append(loss)
    return losses


# %% wrong: train — the last loss alone  hint="the loss of every step"
def train(model, x, y, lr, steps, batch_size, rng):
    for _ in range(steps):
        ids = rng.sample(range(len(x)), batch_size)
        loss = margin_loss([model(x[i])[0] for i in ids], [y[i] for i in ids])
        for p in model.parameters():
            p.grad = 0.0
        loss.backward()
        for p in model.parameters():
            p.data -= lr * p.grad
    return loss.data


# %% equivalent: backward — pull returns one gradient for each input, so the two are equally long
# -            for before, g in zip(node.inputs, node.pull(node.grad), strict=True):
# +            for before, g in zip(node.inputs, node.pull(node.grad)):

# %% equivalent: backward — pull returns one gradient for each input, so the two are equally long
# -            for before, g in zip(node.inputs, node.pull(node.grad), strict=True):
# +            for before, g in zip(node.inputs, node.pull(node.grad), strict=False):

# %% equivalent: Value — a product does not care which factor comes first
# -        return multiply(self, as_value(other))
# +        return multiply(as_value(other), self)

# %% equivalent: Value — dividing by -1 is multiplying by it, to the last bit
# -        return self * -1
# +        return self / -1

# %% equivalent: Value — the sum makes a value of the negated number as well
# -        return self + -as_value(other)
# +        return self + -other

# %% equivalent: Value — a plain number has its own power, and the product makes a value of it
# -        return self * as_value(other) ** -1
# +        return self * other ** -1

# %% equivalent: Neuron — the product of weight and input does not care which comes first
# -        total = sum((w * one for w, one in zip(self.weights, x, strict=True)), self.bias)
# +        total = sum((w * one for one, w in zip(self.weights, x, strict=True)), self.bias)

# %% equivalent: Neuron — a neuron is called with as many inputs as it has weights
# -        total = sum((w * one for w, one in zip(self.weights, x, strict=True)), self.bias)
# +        total = sum((w * one for w, one in zip(self.weights, x)), self.bias)

# %% equivalent: Neuron — a neuron is called with as many inputs as it has weights
# -        total = sum((w * one for w, one in zip(self.weights, x, strict=True)), self.bias)
# +        total = sum((w * one for w, one in zip(self.weights, x, strict=False)), self.bias)

# %% equivalent: margin_loss — only the product of score and target enters
# -    return sum((1 - y * score).relu() for score, y in zip(scores, targets, strict=True)) / len(scores)
# +    return sum((1 - y * score).relu() for y, score in zip(scores, targets, strict=True)) / len(scores)

# %% equivalent: margin_loss — there are as many scores as targets
# -    return sum((1 - y * score).relu() for score, y in zip(scores, targets, strict=True)) / len(scores)
# +    return sum((1 - y * score).relu() for score, y in zip(scores, targets)) / len(scores)

# %% equivalent: margin_loss — there are as many scores as targets
# -    return sum((1 - y * score).relu() for score, y in zip(scores, targets, strict=True)) / len(scores)
# +    return sum((1 - y * score).relu() for score, y in zip(scores, targets, strict=False)) / len(scores)

# %% equivalent: train — in the margin loss only the product of score and target enters
# -        loss = margin_loss([model(x[i])[0] for i in ids], [y[i] for i in ids])
# +        loss = margin_loss([y[i] for i in ids], [model(x[i])[0] for i in ids])

# %% equivalent: train — the model gives one score, so its first is its last
# -        loss = margin_loss([model(x[i])[0] for i in ids], [y[i] for i in ids])
# +        loss = margin_loss([model(x[i])[-1] for i in ids], [y[i] for i in ids])
