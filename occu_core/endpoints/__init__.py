"""The one home of calls to OpenAI-compatible servers: cache, retries, pace, cost, cap, secrets."""

from occu_core.endpoints.budget import Usage as Usage
from occu_core.endpoints.caller import Answer as Answer
from occu_core.endpoints.caller import Caller as Caller
from occu_core.endpoints.endpoint import Endpoint as Endpoint
from occu_core.endpoints.endpoint import Turn as Turn
from occu_core.endpoints.endpoint import conversation as conversation
from occu_core.endpoints.errors import CallFailedError as CallFailedError
from occu_core.endpoints.errors import CapReachedError as CapReachedError
from occu_core.endpoints.errors import EndpointError as EndpointError
from occu_core.endpoints.errors import EndpointRefusedError as EndpointRefusedError
from occu_core.endpoints.replies import Reply as Reply
from occu_core.endpoints.replies import ReplyStore as ReplyStore
