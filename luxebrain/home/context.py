"""Context processor of the shell."""


def shell(request):
    return {}
