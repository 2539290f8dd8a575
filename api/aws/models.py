"""The AWS services this front speaks, read from the models that botocore ships, and how a call finds its service."""

from collections.abc import Mapping
from functools import cache, cached_property
from typing import Any, Literal, cast

from botocore.loaders import Loader

from muniment.api.aws.shapes import Shape, Shapes

Protocol = Literal["query", "json", "rest-json"]

SERVICES = (
    "iam",
    "sts",
    "organizations",
    "cloudtrail",
    "secretsmanager",
    "sso-admin",
    "identitystore",
    "verifiedpermissions",
    "accessanalyzer",
    "sso",
    "sso-oidc",
    "signin",
    "rolesanywhere",
    "account",
)


class OperationModel:
    """One operation of a service: its name, its input and output, and where a REST call finds it."""

    def __init__(self, service: "ServiceModel", model: Mapping[str, Any]) -> None:
        self.service = service
        self.name: str = model["name"]
        self.method: str = model["http"]["method"]
        self.uri: str = model["http"]["requestUri"]
        self.success: int = model["http"].get("responseCode", 200)
        self.signed: bool = model.get("authtype") != "none"
        self._model = model

    @cached_property
    def input(self) -> Shape | None:
        return self.service.shape(self._model["input"]) if "input" in self._model else None

    @cached_property
    def output(self) -> Shape | None:
        return self.service.shape(self._model["output"]) if "output" in self._model else None

    @cached_property
    def errors(self) -> dict[str, Shape]:
        """The modelled errors by the code they have on the wire."""
        shapes = (self.service.shape(reference) for reference in self._model.get("errors", ()))
        return {self.service.error_code(shape.name): shape for shape in shapes}

    def __repr__(self) -> str:
        return f"<OperationModel {self.service.name}.{self.name}>"


class ServiceModel:
    """One service: its names, its protocol, its operations. `name` is botocore's and the native front's (`sso-admin`)."""

    def __init__(self, name: str, model: Mapping[str, Any]) -> None:
        metadata = model["metadata"]
        self.name = name
        self.version: str = metadata["apiVersion"]
        self.protocol: Protocol = cast(Protocol, metadata["protocol"])
        self.signing_name: str = metadata.get("signingName", metadata["endpointPrefix"])
        self.json_version: str = metadata.get("jsonVersion", "1.1")
        self.target_prefix: str | None = metadata.get("targetPrefix")
        self.xml_namespace: str = metadata.get("xmlNamespace", "")
        self._shapes = Shapes(model["shapes"])
        self._model = model
        self._operations: dict[str, OperationModel] = {}

    @property
    def operation_names(self) -> tuple[str, ...]:
        return tuple(self._model["operations"])

    def operation(self, name: str) -> OperationModel | None:
        """The operation of that exact name, or None."""
        if (known := self._operations.get(name)) is not None:
            return known
        if (model := self._model["operations"].get(name)) is None:
            return None
        return self._operations.setdefault(name, OperationModel(self, model))

    def shape(self, reference: Mapping[str, Any]) -> Shape:
        return self._shapes.of(reference)

    def error_code(self, shape_name: str) -> str:
        """The wire's code of a modelled exception: `NoSuchEntity` for IAM's `NoSuchEntityException`."""
        error = self._shapes.definitions[shape_name].get("error", {})
        return str(error.get("code", shape_name))

    def __repr__(self) -> str:
        return f"<ServiceModel {self.name} {self.version}>"


@cache
def service(name: str) -> ServiceModel | None:
    """The service of that name, loaded on first use (5–20 ms), or None."""
    if name not in SERVICES:
        return None
    return ServiceModel(name, _without_prose(Loader().load_service_model(name, "service-2")))


@cache
def all_services() -> tuple[ServiceModel, ...]:
    """Every service, loaded; call it once at start to keep the first requests quick."""
    return tuple(found for name in SERVICES if (found := service(name)) is not None)


def operation(service_model: ServiceModel, name: str) -> OperationModel | None:
    """The operation of a service, or None where the service has none of that name."""
    return service_model.operation(name)


def service_for(
    signing_name: str | None, target: str | None = None, action: str | None = None, version: str | None = None
) -> ServiceModel | None:
    """The service a call is meant for, or None.

    A signed call says so in its credential scope, and nothing else can overrule that. An unsigned one (DESIGN 6:
    AssumeRoleWithWebIdentity, AssumeRoleWithSAML) is found from `X-Amz-Target`, or from Action and Version;
    REST calls are found by their path (`rest_json.route`).
    """
    if signing_name is not None:
        return _by_signing_name().get(signing_name)
    if target is not None:
        return _by_target_prefix().get(target.rpartition(".")[0])
    if action is not None:
        candidates = [each for each in all_services() if each.protocol == "query"]
        if version is not None:
            candidates = [each for each in candidates if each.version == version]
        return next((each for each in candidates if each.operation(action) is not None), next(iter(candidates), None))
    return None


@cache
def _by_signing_name() -> dict[str, ServiceModel]:
    return {each.signing_name: each for each in all_services()}


@cache
def _by_target_prefix() -> dict[str, ServiceModel]:
    return {each.target_prefix: each for each in all_services() if each.target_prefix is not None}


def _without_prose(model: Any) -> Any:
    """The model without its documentation, which is most of its size and is never read here."""
    if isinstance(model, dict):
        return {
            key: _without_prose(value)
            for key, value in model.items()
            if not (key == "documentation" and isinstance(value, str))
        }
    return [_without_prose(each) for each in model] if isinstance(model, list) else model
