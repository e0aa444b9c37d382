from tests.support.serving import bank, module_dsn

__all__ = ["bank", "module_dsn"]
