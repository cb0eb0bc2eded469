"""What scikit-learn asks of an estimator, without loading scikit-learn."""

import inspect
import reprlib
import typing

if typing.TYPE_CHECKING:
    from sklearn.utils import Tags


class Parameters:
    """Arguments of the constructor as parameters that can be read and set.

    A subclass keeps each argument in an attribute of its name. That is what
    `sklearn.base.BaseEstimator` does; it is no base here, so that scikit-learn
    is loaded where it is used.
    """

    def get_params(self, deep: bool = True) -> dict:
        """Arguments of the constructor, by name.

        Args:
            deep: scikit-learn's word for parts that are estimators; there are
                none.
        """
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self, **params) -> typing.Self:
        """Sets arguments of the constructor; `fit` goes by them.

        Raises:
            ValueError: for a name that is none of them.
        """
        names = self._names()
        for name in params:
            if name not in names:
                raise ValueError(
                    f"{type(self).__name__} has no parameter {name!r}, "
                    f"expected one of {', '.join(names)}."
                )
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self)).parameters
        given = (
            f"{name}={reprlib.repr(value)}"
            for name, value in self.get_params().items()
            if value is not defaults[name].default
        )
        return f"{type(self).__name__}({', '.join(given)})"

    def __sklearn_tags__(self) -> "Tags":
        from sklearn.utils import InputTags, Tags, TargetTags

        return Tags(
            estimator_type="outlier_detector",
            target_tags=TargetTags(required=False),
            input_tags=InputTags(),
        )

    @classmethod
    def _names(cls):
        return [*inspect.signature(cls).parameters]
