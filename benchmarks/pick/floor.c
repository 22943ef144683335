/* The least that `with balancer.pick() as pick` can cost in CPython: a C type that counts up and down. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

typedef struct {
    PyObject_HEAD
} Object;

static long out;

static PyObject *enter(PyObject *self, PyObject *ignored) {
    (void)ignored;
    return Py_NewRef(self);
}

static PyObject *leave(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self, (void)args, (void)count;
    out--;
    Py_RETURN_FALSE;
}

static PyMethodDef pick_methods[] = {
    {"__enter__", enter, METH_NOARGS, ""},
    {"__exit__", (PyCFunction)(void (*)(void))leave, METH_FASTCALL, ""},
    {0},
};
static PyTypeObject Pick = {PyVarObject_HEAD_INIT(NULL, 0).tp_name = "floor.Pick",
                            .tp_basicsize = sizeof(Object),
                            .tp_flags = Py_TPFLAGS_DEFAULT,
                            .tp_methods = pick_methods};

static PyObject *pick(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    (void)self, (void)args, (void)count, (void)names;
    out++;
    return (PyObject *)PyObject_New(Object, &Pick);
}

static PyMethodDef balancer_methods[] = {
    {"pick", (PyCFunction)(void (*)(void))pick, METH_FASTCALL | METH_KEYWORDS, ""},
    {0},
};
static PyTypeObject Balancer = {PyVarObject_HEAD_INIT(NULL, 0).tp_name = "floor.Balancer",
                                .tp_basicsize = sizeof(Object),
                                .tp_flags = Py_TPFLAGS_DEFAULT,
                                .tp_new = PyType_GenericNew,
                                .tp_methods = balancer_methods};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "floor", .m_size = -1};

PyMODINIT_FUNC PyInit_floor(void) {
    if (PyType_Ready(&Pick) < 0 || PyType_Ready(&Balancer) < 0)
        return NULL;
    PyObject *module = PyModule_Create(&definition);
    if (module && PyModule_AddObjectRef(module, "Balancer", (PyObject *)&Balancer) < 0)
        Py_CLEAR(module);
    return module;
}
