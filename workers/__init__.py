"""The second door: processes that run the jobs which `service.jobs` names."""
